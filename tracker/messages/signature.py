"""Signatures by which a receiver knows that a message is ours, after the Standard Webhooks specification, version 1.

What is signed is ``ID.TIMESTAMP.BODY`` with HMAC-SHA256; a receiver computes the same, and refuses old timestamps, so
that nobody can send a recorded message again. https://www.standardwebhooks.com
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac

PREFIX = "whsec_"


def key_of(secret: str) -> bytes:
    """The key of a secret: what ``whsec_`` is followed by, in base64; a word without that prefix as it is."""
    if secret.startswith(PREFIX):
        text = secret.removeprefix(PREFIX)
        with contextlib.suppress(binascii.Error):
            return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    return secret.encode()


def signature_headers(key: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a signed message. timestamp: seconds since 1970, of this attempt."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{digest}"}

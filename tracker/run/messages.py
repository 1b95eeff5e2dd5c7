"""The messages of a run: --webhook and --mqtt."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.errors import InputError
from detectors.extras import install_extra
from tracker.regions.activity import Activity
from tracker.regions.events import Event
from tracker.run.options import Options
from tracker.sources.base import Source

if TYPE_CHECKING:  # each is imported when it is asked for
    from tracker.messages.current_counts import CurrentCounts
    from tracker.messages.delivery import Channel
    from tracker.messages.event_messages import EventMessages
    from tracker.messages.sender import Sender

SECRET_VARIABLE = "KEEPTRACK_WEBHOOK_SECRET"


class Messages:
    """Sends the events of a run to whoever was named. Call `check`, `open`, then `tell`."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._senders: list[Sender] = []
        self._messages: EventMessages
        self._counts: CurrentCounts

    def check(self) -> None:
        """Make sure that the addresses can be used, before anything is opened. Raises InputError."""
        options = self._options
        if options.webhook is not None:
            from tracker.messages.webhook import parse_webhook

            parse_webhook(options.webhook)
            find_secret(options.webhook_secret)
        elif options.webhook_secret is not None:
            raise InputError("--webhook-secret", "is for --webhook", "add --webhook, or leave it out")
        if options.mqtt is not None:
            from tracker.messages.mqtt_address import parse_mqtt

            parse_mqtt(options.mqtt)
            if importlib.util.find_spec("paho") is None:
                raise InputError("--mqtt", "paho-mqtt not installed", install_extra("mqtt"))
        if options.queue is not None and options.webhook is None and options.mqtt is None:
            raise InputError("--queue", "is for --webhook and --mqtt", "add one of them, or leave it out")

    def open(self, opening: ExitStack, source: Source, class_names: Mapping[int, str], activity: Activity) -> None:
        """Begin to send, until the stack is closed. class_names: of the detector. Raises InputError."""
        options = self._options
        if options.webhook is None and options.mqtt is None:
            return
        from tracker.messages.current_counts import CurrentCounts
        from tracker.messages.event_messages import EventMessages

        self._messages = EventMessages(source.name, source.live.time_of_day if source.live else None)
        self._counts = CurrentCounts(activity, source.live)
        folder = Path(f"{source.name}.queue" if options.queue is None else options.queue)
        if options.queue is None or not folder.exists():
            opening.callback(_remove_if_empty, folder)
        if options.webhook is not None:
            self._start(opening, folder / "webhook", self._webhook(options.webhook))
        if options.mqtt is not None:
            self._start(opening, folder / "mqtt", self._mqtt(options.mqtt, source, class_names, activity))

    def tell(self, events: Sequence[Event]) -> None:
        """Send events on. Raises InputError when they cannot be kept on disk."""
        if not self._senders or not events:
            return
        self._counts.update()
        for message in map(self._messages.encode, events):
            for sender in self._senders:
                sender.append(message)

    @property
    def warnings(self) -> list[str]:
        """What the user should know, once all is closed."""
        return [warning for sender in self._senders for warning in sender.warnings]

    def _start(self, opening: ExitStack, folder: Path, channel: Channel) -> None:
        from tracker.messages.outbox import Outbox
        from tracker.messages.sender import Sender

        self._senders.append(opening.enter_context(Sender(Outbox(folder), channel)))

    def _webhook(self, url: str) -> Channel:
        from tracker.messages.signature import key_of
        from tracker.messages.webhook import Webhook, parse_webhook

        secret = find_secret(self._options.webhook_secret)
        return Webhook(parse_webhook(url), None if secret is None else key_of(secret))

    def _mqtt(self, text: str, source: Source, class_names: Mapping[int, str], activity: Activity) -> Channel:
        from tracker.messages.home_assistant import CountedThings, announcements
        from tracker.messages.mqtt import Mqtt
        from tracker.messages.mqtt_address import parse_mqtt
        from tracker.messages.topics import Topics

        address, regions = parse_mqtt(text), activity.regions
        counted = CountedThings(tuple(class_names.values()), tuple(regions.lines), tuple(regions.zones))
        known = list(announcements(source.name, Topics(address.topic), counted))
        return Mqtt(address, self._counts.encode, known)


def find_secret(secret: str | None) -> str | None:
    """The secret that signs webhooks: the one given, else that of the environment; None for none. Raises InputError."""
    given = os.environ.get(SECRET_VARIABLE) if secret is None else secret
    if given == "":
        name = SECRET_VARIABLE if secret is None else "--webhook-secret"
        raise InputError(name, "is empty", "give a long word, or leave it out")
    return given


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):  # something waits in it
        folder.rmdir()

# mypy: ignore-errors
"""An RTSP server from Debian's GStreamer, for the system's Python: `benchmarks.live.rtsp` starts it and sends pictures.

    /usr/bin/python3 rtsp_server.py WIDTH HEIGHT RATE [--port P] [--codec h264|mjpeg] [--user NAME --password SECRET]

Prints its port when it is ready. Standard input holds commands of one byte: P and a picture (H, W, 3) BGR; D drops all
clients; R refuses new ones; A accepts them again. Needs python3-gi and gir1.2-gst-rtsp-server-1.0.
"""

import argparse
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402  # the versions must be chosen before

ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast bframes=0 key-int-max={keys} threads=1"
    " ! video/x-h264,profile=baseline ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "mjpeg": "jpegenc ! rtpjpegpay name=pay0 pt=26",
}


class Media(GstRtspServer.RTSPMediaFactory):
    """One stream for all clients, fed with pictures."""

    def __init__(self, width, height, rate, codec):
        super().__init__()
        self.feed = None
        caps = f"video/x-raw,format=BGR,width={width},height={height},framerate={rate}/1"
        encoder = ENCODERS[codec].format(keys=max(1, rate // 2))
        source = "appsrc name=feed is-live=true do-timestamp=true format=time leaky-type=downstream max-buffers=2"
        self.set_launch(f"( {source} caps={caps} ! videoconvert ! video/x-raw,format=I420 ! {encoder} )")
        self.set_shared(True)
        self.set_latency(0)

    def do_configure(self, media):
        """GStreamer has made the pipeline."""
        self.feed = media.get_element().get_child_by_name("feed")

    def push(self, picture):
        """Send a picture to whoever is connected."""
        if self.feed is not None:
            self.feed.emit("push-buffer", Gst.Buffer.new_wrapped(picture))


class Server(GstRtspServer.RTSPServer):
    """The server, and the commands it takes."""

    def __init__(self, port, media, user, password):
        super().__init__()
        self.media = media
        self.listening = 0
        self.set_address("127.0.0.1")
        self.set_service(str(port))
        if user:
            self.protect(user, password)
        self.get_mount_points().add_factory("/stream", media)

    def protect(self, user, password):
        """Let in only who knows the password."""
        auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "user")
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
        self.set_auth(auth)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("user", "media.factory.access", True)
        permissions.add_permission_for_role("user", "media.factory.construct", True)
        self.media.set_permissions(permissions)

    def accept(self):
        """Listen."""
        if not self.listening:
            self.listening = self.attach(None)
            self.set_service(str(self.get_bound_port()))

    def refuse(self):
        """Listen no more."""
        if self.listening:
            GLib.source_remove(self.listening)
            self.listening = 0

    def drop(self):
        """End all connections."""
        self.client_filter(lambda _server, _client: GstRtspServer.RTSPFilterResult.REMOVE)


def obey(server, size, loop):
    """Take commands until standard input ends."""
    commands = {b"D": server.drop, b"R": server.refuse, b"A": server.accept}
    while command := sys.stdin.buffer.read(1):
        if command == b"P":
            server.media.push(sys.stdin.buffer.read(size))
        else:
            GLib.idle_add(lambda act=commands[command]: bool(act()))  # in the main loop's thread, once
    loop.quit()


def main():
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser()
    for name in ("width", "height", "rate"):
        parser.add_argument(name, type=int)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--codec", choices=sorted(ENCODERS), default="h264")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    given = parser.parse_args()
    Gst.init(None)
    server = Server(given.port, Media(given.width, given.height, given.rate, given.codec), given.user, given.password)
    server.accept()
    print(server.get_bound_port(), flush=True)
    loop = GLib.MainLoop()
    threading.Thread(target=obey, args=(server, given.width * given.height * 3, loop), daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main()

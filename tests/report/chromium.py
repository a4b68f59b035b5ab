"""Chromium, driven over a pair of pipes: the DevTools protocol without a websocket, a driver or a package.

with Chromium() as browser:
    browser.open(path, width=360, height=800)
    browser.run("document.title")
"""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
KEYS = {
    "ArrowRight": 39, "ArrowLeft": 37, "ArrowDown": 40, "ArrowUp": 38, "Tab": 9, "Enter": 13, "KeyJ": 74, "KeyK": 75,
    "End": 35, "Home": 36,
}  # fmt: skip
# no sandbox: containers often run as root and forbid it, and the page is our own
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
    "--no-first-run", "--hide-scrollbars", "--disable-background-networking", "--disable-component-update",
)  # fmt: skip


class Chromium:
    """One browser with one page. `errors`: errors of the page; `requests`: addresses that it loaded."""

    def __init__(self, timeout_s=60.0):
        self.errors, self.requests = [], []
        self._timeout_s, self._sent, self._buffer, self._answers, self._session = timeout_s, 0, b"", {}, None

    def __enter__(self):
        self._folder = tempfile.mkdtemp(prefix="opora-chromium-")
        # Chromium reads from descriptor 3 and writes to 4: ours must not be there
        pipes = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for pair in (os.pipe(), os.pipe()) for end in pair]
        reads, self._in, self._out, writes = pipes
        self._process = subprocess.Popen(
            [PROGRAM, *FLAGS, f"--user-data-dir={self._folder}"],
            preexec_fn=lambda: (os.dup2(reads, 3), os.dup2(writes, 4)),
            close_fds=False, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(reads)
        os.close(writes)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *error):
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._in)
        os.close(self._out)
        shutil.rmtree(self._folder, ignore_errors=True)

    def open(self, path, width=1280, height=900, dark=False, hash_=""):
        """Load a file, on a screen of this size and theme."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.call("Page.navigate", url="about:blank")
        self.wait("location.href === 'about:blank'")
        self.errors.clear()
        self.requests.clear()
        self.call("Page.navigate", url=f"file://{path}{hash_}")
        self.wait("location.protocol === 'file:' && document.readyState === 'complete'")

    def run(self, code):
        """Return the value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, code):
        until = time.monotonic() + self._timeout_s
        while not self.run(code):
            assert time.monotonic() < until, f"never true: {code}"
            time.sleep(0.02)

    def press(self, key, shift=False):
        letter = key[3:].lower() if key.startswith("Key") else key
        event = {"code": key, "key": letter, "windowsVirtualKeyCode": KEYS[key], "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", **event)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def choose(self, selector, value):
        """Set a control, with the events of a user."""
        self.run(
            f"(() => {{ const control = document.querySelector({json.dumps(selector)});"
            f"control.value = {json.dumps(value)};"
            "for (const name of ['input', 'change']) control.dispatchEvent(new Event(name, {bubbles: true})); })()"
        )

    def screenshot(self, path, whole=False):
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(picture))

    def call(self, method, **parameters):
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._in, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + self._timeout_s
        while self._sent not in self._answers:
            self._read(until)
        answer = self._answers.pop(self._sent)
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def _read(self, until):
        ready, _, _ = select.select([self._out], [], [], max(0.0, until - time.monotonic()))
        assert ready, f"Chromium said nothing for {self._timeout_s:.0f} s"
        data = os.read(self._out, 1 << 20)
        assert data, "Chromium ended"
        *whole, self._buffer = (self._buffer + data).split(b"\0")
        for message in whole:
            self._take(json.loads(message))

    def _take(self, message):
        if "id" in message:
            self._answers[message["id"]] = message
        elif message["method"] == "Runtime.exceptionThrown":
            self.errors.append(message["params"]["exceptionDetails"])
        elif message["method"] == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
            self.errors.append(message["params"]["entry"]["text"])
        elif message["method"] == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])

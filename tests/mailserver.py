"""A mail server of a few lines: it answers as it is told, and keeps what it was given."""

from __future__ import annotations

import base64
import socketserver
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread


class MailServer(socketserver.ThreadingTCPServer):
    """
    A server on this machine, for one test.

    Attributes:
        replies: What it says instead of yes, by the first word of what it is told; `greeting` and `message` as well.
        offers: Extensions that it offers.
        mails: What it took, as received.
        recipients: To whom.
        logins: What came with AUTH PLAIN.
        connections: How often somebody connected.
        certificate: With what it encrypts, once it is told STARTTLS; None: it does not know the word.
        is_tls: Whether it encrypts from the beginning.
        encrypted: The words that it was told under encryption.
    """

    daemon_threads = True
    block_on_close = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.replies: dict[str, str] = {}
        self.offers: list[str] = []
        self.mails: list[bytes] = []
        self.recipients: list[str] = []
        self.logins: list[str] = []
        self.connections = 0
        self.certificate: ssl.SSLContext | None = None
        self.is_tls = False
        self.encrypted: list[str] = []

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.server.connections += 1
        try:
            if self.server.is_tls:
                self._encrypt()
            self._talk()
        except ssl.SSLError:
            pass  # who does not trust the certificate hangs up
        finally:
            self.request.close()

    def _encrypt(self) -> None:
        assert self.server.certificate is not None
        self.request = self.server.certificate.wrap_socket(self.request, server_side=True)
        self.setup()

    def _starttls(self, line: str, word: str) -> bool:
        if self.server.certificate is None:
            return self._other(line, word)
        self._say(word, "220 go on")
        self._encrypt()
        return True

    def _talk(self) -> None:
        if not self._say("greeting", "220 here").startswith("2"):
            return
        while line := self.rfile.readline().decode().strip():
            word = line.split(" ")[0].split(":")[0].upper()
            if isinstance(self.request, ssl.SSLSocket):
                self.server.encrypted.append(word)
            if word == "QUIT":
                self._say("QUIT", "221 bye")
                return
            if not getattr(self, f"_{word.lower()}", self._other)(line, word):
                return

    def _say(self, word: str, usual: str) -> str:
        reply = self.server.replies.get(word, usual)
        self.wfile.write(f"{reply}\r\n".encode())
        return reply

    def _other(self, line: str, word: str) -> bool:
        return not self._say(word, "250 ok").startswith("421")

    def _ehlo(self, line: str, word: str) -> bool:
        lines = ["here", *self.server.offers]
        self.wfile.write("".join(f"250{' -'[x is not lines[-1]]}{x}\r\n" for x in lines).encode())
        return True

    def _auth(self, line: str, word: str) -> bool:
        self.server.logins.append(base64.b64decode(line.split()[-1]).decode())
        return self._other(line, word)

    def _rcpt(self, line: str, word: str) -> bool:
        self.server.recipients.append(line.partition("<")[2].partition(">")[0])
        return self._other(line, word)

    def _data(self, line: str, word: str) -> bool:
        if not self._say("DATA", "354 go on").startswith("354"):
            return True
        content = b""
        while (part := self.rfile.readline()) not in (b".\r\n", b""):
            content += part
        if self.server.replies.get("message", "250 taken").startswith("250"):
            self.server.mails.append(content)  # before the reply, since a test looks as soon as that has come
        return not self._say("message", "250 taken").startswith("421")


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a server; it is gone with its threads at the end."""
    with MailServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()

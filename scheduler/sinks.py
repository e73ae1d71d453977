"""
Sinks: where messages are handed in. A folder of files, which something else sends or prints, or a mail server.

Owns the form of a mail. No error repeats an address: what a mail server says is given by its code alone.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from scheduler.messages import Message, NotTaken
from workflow.errors import Unavailable

TIMEOUT: Final = 30.0
_POLICY: Final = SMTP.clone(max_line_length=998)  # a long address must not be folded into an encoded word
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_SWITCH: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def mail_of(message: Message, sender: str = "") -> EmailMessage:
    """Write a message as a mail; without a sender it has no line that names one."""
    mail = EmailMessage(_POLICY)
    if sender:
        mail["From"] = sender
    mail["To"] = message.to
    mail["Subject"] = message.words.subject
    mail["Date"] = message.at
    mail["Message-ID"] = f"<{message.key}@{sender.rpartition('@')[2] or 'examboard.invalid'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.words.text)
    return mail


class FileSink:
    """
    A folder in which every message is a file, for its owner alone; the same message again replaces its file.

    Attributes:
        folder: The folder; made when it is needed.
        sender: The address from which mails come; may be empty.
    """

    def __init__(self, folder: Path, sender: str = "") -> None:
        self.folder = folder
        self.sender = sender

    def send(self, message: Message) -> None:
        """
        Write a message; its file appears as a whole, and stays after a loss of power.

        Raises:
            Unavailable: it cannot be written.
        """
        content = mail_of(message, self.sender).as_bytes()
        # A name of its own: two nodes may write the same message at once.
        part = self.folder / f".{message.key}.{os.getpid()}.part"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.unlink(missing_ok=True)
            handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.folder / f"{message.key}.eml")
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise Unavailable(f"the outbox folder {self.folder} cannot be written: {error.strerror or error}") from None


class SmtpSink:
    """
    A mail server. The connection is kept from one message to the next; `close` ends it.

    Attributes:
        host: The server.
        port: Its port.
        sender: The address from which mails come.
        user: Login; empty: none.
        password: Its password.
        starttls: Whether the connection is encrypted before anything is said.
        is_tls: Whether it is encrypted from the beginning.
        timeout: Seconds for which an answer is awaited.
    """

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        user: str = "",
        password: str = "",
        starttls: bool = False,
        is_tls: bool = False,
        timeout: float = TIMEOUT,
    ) -> None:
        self.host, self.port, self.sender = host, port, sender
        self.starttls, self.is_tls, self.timeout = starttls, is_tls, timeout
        self._login = (user, password)
        self._server: smtplib.SMTP | None = None

    def __repr__(self) -> str:
        return f"SmtpSink({self.host}:{self.port})"

    def send(self, message: Message) -> None:
        """
        Hand a message to the server.

        Raises:
            NotTaken: the server refuses the recipient or the message.
            Unavailable: the server cannot be reached, or takes nothing from us.
        """
        mail = mail_of(message, self.sender)
        with self._telling():
            self._connected().send_message(mail, self.sender, [message.to])

    def close(self) -> None:
        """End the connection, if there is one."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(OSError):  # smtplib's errors are OSErrors
                server.quit()
            server.close()

    def _connected(self) -> smtplib.SMTP:
        if self._server is not None:
            with suppress(OSError):  # a server hangs up on who is idle
                if self._server.noop()[0] == 250:
                    return self._server
            self.close()
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if self.is_tls:
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        self._server = server
        if self.starttls:
            server.starttls(context=context)
        if self._login[0]:
            server.login(*self._login)
        return server

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn what goes wrong into our own errors; the server's words may repeat the address, so they are left out."""
        where = f"the mail server {self.host}:{self.port}"
        try:
            yield
        except smtplib.SMTPRecipientsRefused as error:
            self.close()
            code = next((code for code, _ in error.recipients.values()), 0)
            raise NotTaken(f"{where} refused the recipient ({code})", is_final=code >= 500) from None
        except smtplib.SMTPSenderRefused as error:
            self.close()
            raise Unavailable(f"{where} refused the sender ({error.smtp_code}); see mail_from") from None
        except smtplib.SMTPDataError as error:
            self.close()
            raise NotTaken(f"{where} refused the message ({error.smtp_code})") from None
        except smtplib.SMTPAuthenticationError as error:
            self.close()
            raise Unavailable(f"{where} refused the login ({error.smtp_code}); see smtp_url") from None
        except smtplib.SMTPNotSupportedError:
            self.close()
            raise Unavailable(f"{where} does not offer what smtp_url asks for: STARTTLS or a login") from None
        except smtplib.SMTPResponseException as error:
            self.close()
            raise Unavailable(f"{where} takes nothing now ({error.smtp_code})") from None
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise Unavailable(f"{where} shows a certificate that is not trusted here: {error.verify_message}") from None
        except OSError as error:
            self.close()
            why = error.strerror if error.errno and error.strerror else type(error).__name__
            raise Unavailable(f"{where} cannot be reached: {why}") from None


def smtp_sink(url: str, sender: str) -> SmtpSink:
    """
    Make the sink of a URL: `smtp://user:password@host:587?starttls=true`, or `smtps://...` for TLS from the beginning.

    Blanks and signs in the login are written with %. Ports that are left out are 25, 587 with STARTTLS, 465 with smtps.

    Raises:
        ValueError: what is wrong with it, without repeating any of it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        switches = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise ValueError("is no URL such as smtp://user:password@host:587?starttls=true") from None
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/") or parts.fragment:
        raise ValueError("is no URL such as smtp://user:password@host:587?starttls=true")
    starttls = _SWITCH.get(switches.pop("starttls", "false").lower())
    if starttls is None or switches:
        raise ValueError("knows behind ? only starttls=true or starttls=false")
    is_tls = parts.scheme == "smtps"
    if is_tls and starttls:
        raise ValueError("is encrypted from the beginning (smtps): leave starttls out")
    if parts.password and not (is_tls or starttls or host in _LOOPBACK):
        raise ValueError("would send a password unencrypted: add ?starttls=true, or begin with smtps://")
    port = port or (465 if is_tls else 587 if starttls else 25)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (user + password).isascii():
        raise ValueError("has a login that is not in Latin letters, which no mail server takes")
    return SmtpSink(host, port, sender, user, password, starttls, is_tls)

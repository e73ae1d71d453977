"""Where notices are handed in: a folder of files, and a real mail server on this machine."""

from __future__ import annotations

import email
import ssl
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from email.policy import default
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from scheduler.messages import Message, NotTaken, Words
from scheduler.sinks import FileSink, SmtpSink, smtp_sink
from tests.mailserver import MailServer, mail_server
from workflow.errors import ExamboardError, Unavailable

ADDRESS = "wang@example.org"
SENDER = "no-reply@board.example"
AT = datetime(2026, 5, 21, 4, tzinfo=UTC)
WORDS = Words("到期提醒 Reminder: A1, 2026-06-20", "申报号：A1\n.\nApplication: A1\n" + "长" * 1200 + "\n")
MESSAGE = Message("0123456789abcdef" * 2, ADDRESS, WORDS, AT)


@pytest.fixture
def server() -> Iterator[MailServer]:
    """Give a mail server that takes everything."""
    with mail_server() as running:
        yield running


@pytest.fixture
def sink(server) -> Iterator[SmtpSink]:
    """Give a sink to it."""
    found = SmtpSink("127.0.0.1", server.port, SENDER, timeout=10)
    yield found
    found.close()


def read(content: bytes) -> dict[str, str]:
    """Read a mail: its headers, and its text under `text`."""
    mail = email.message_from_bytes(content, policy=default)
    assert all(len(line) <= 998 for line in content.splitlines())
    return {**{name.lower(): str(value) for name, value in mail.items()}, "text": mail.get_content()}


def test_a_file_is_a_whole_mail_for_its_owner_alone(tmp_path):
    """It says what the message says, is named after the notice, and nobody else may read file or folder."""
    folder = tmp_path / "a" / "outbox"
    FileSink(folder, SENDER).send(MESSAGE)
    (file,) = folder.iterdir()
    assert file.name == f"{MESSAGE.key}.eml"
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(folder.stat().st_mode)) == (0o600, 0o700)
    mail = read(file.read_bytes())
    assert mail["text"].replace("\r\n", "\n") == WORDS.text
    assert (mail["subject"], mail["to"], mail["from"]) == (WORDS.subject, ADDRESS, SENDER)
    assert mail["message-id"] == f"<{MESSAGE.key}@board.example>"
    assert mail["date"] == "Thu, 21 May 2026 04:00:00 +0000"
    assert mail["auto-submitted"] == "auto-generated"


def test_the_same_notice_again_replaces_its_file(tmp_path):
    """A repeat leaves one file, and without a sender the mail names none."""
    sink = FileSink(tmp_path)
    sink.send(MESSAGE)
    sink.send(Message(MESSAGE.key, "new@example.org", WORDS, AT))
    (file,) = tmp_path.iterdir()
    mail = read(file.read_bytes())
    assert (mail["to"], mail.get("from")) == ("new@example.org", None)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    """A file in the place of the folder, or of what is to be replaced, is told without the address."""
    (tmp_path / "file").touch()
    (tmp_path / "taken" / f"{MESSAGE.key}.eml" / "x").mkdir(parents=True)
    for name in ("file", "taken"):
        with pytest.raises(Unavailable, match=f"outbox folder .*{name} cannot be written") as error:
            FileSink(tmp_path / name).send(MESSAGE)
        assert ADDRESS not in str(error.value)
    assert len(list((tmp_path / "taken").iterdir())) == 1


def test_a_server_gets_the_mail_as_it_is(server, sink):
    """Chinese text, a line of one dot and long lines arrive; several messages go over one connection."""
    sink.send(MESSAGE)
    sink.send(MESSAGE)
    assert (server.connections, server.recipients) == (1, [ADDRESS] * 2)
    first, second = map(read, server.mails)
    assert first == second
    assert first["text"].replace("\r\n", "\n") == WORDS.text
    assert (first["subject"], first["message-id"]) == (WORDS.subject, f"<{MESSAGE.key}@board.example>")


@pytest.mark.parametrize("box", ["a..b", "x" * 64, "=chen", "o'neill+1"])
def test_an_odd_address_stays_as_it_is(server, sink, box):
    """A long or unusual address is neither folded nor recoded, in the envelope and in the mail."""
    address = f"{box}@{'long-' * 10}domain.{'x' * 60}.example.org"
    sink.send(Message(MESSAGE.key, address, WORDS, AT))
    assert server.recipients == [address]
    assert f"To: {address}\r\n".encode() in server.mails[0]


@pytest.mark.parametrize(
    ("word", "reply", "kind", "text"),
    [
        ("greeting", "554 go away", Unavailable, "takes nothing now (554)"),
        ("MAIL", f"550 {SENDER} who?", Unavailable, "refused the sender (550); see mail_from"),
        ("RCPT", f"550 5.1.1 <{ADDRESS}> unknown", NotTaken, "refused the recipient (550)"),
        ("RCPT", f"450 4.2.1 <{ADDRESS}> try later", NotTaken, "refused the recipient (450)"),
        ("RCPT", "421 bye", NotTaken, "refused the recipient (421)"),
        ("DATA", "554 no", NotTaken, "refused the message (554)"),
        ("message", f"552 too long for {ADDRESS}", NotTaken, "refused the message (552)"),
        ("message", "421 bye", NotTaken, "refused the message (421)"),
    ],
)
def test_what_the_server_refuses_is_told_by_its_code(server, sink, word, reply, kind, text):
    """The error tells the reply by its code, never by words that may repeat an address; then all works again."""
    server.replies[word] = reply
    with pytest.raises(ExamboardError) as error:
        sink.send(MESSAGE)
    assert type(error.value) is kind
    assert text in str(error.value)
    assert ADDRESS not in str(error.value)
    assert getattr(error.value, "is_final", None) in (None, (word, reply[:3]) == ("RCPT", "550"))
    server.replies.clear()
    sink.send(MESSAGE)
    assert len(server.mails) == 1


def test_a_server_that_hung_up_is_called_again(server, sink):
    """A connection that idled too long is made anew, and nothing is lost or repeated."""
    sink.send(MESSAGE)
    server.replies["NOOP"] = "421 too long idle"
    sink.send(MESSAGE)
    assert (server.connections, len(server.mails)) == (2, 2)


def test_a_server_that_is_not_there_is_unavailable(server):
    """Its place is named, and neither the address nor the password."""
    server.server_close()
    sink = smtp_sink(f"smtp://user:s3cret@127.0.0.1:{server.port}", SENDER)
    with pytest.raises(Unavailable, match=f"127.0.0.1:{server.port} cannot be reached: Connection refused") as error:
        sink.send(MESSAGE)
    assert "s3cret" not in str(error.value) + repr(sink)


def test_a_login_is_sent_and_its_refusal_told(server):
    """User and password of the URL are those that the server gets; a refusal names the setting, not the password."""
    server.offers.append("AUTH PLAIN")
    server.replies["AUTH"] = "235 welcome"
    sink = smtp_sink(f"smtp://board%40x:p%C3%A4ss@localhost:{server.port}".replace("%C3%A4", "%2F"), SENDER)
    sink.send(MESSAGE)
    sink.close()
    assert server.logins == ["\0board@x\0p/ss"]
    server.replies["AUTH"] = "535 no"
    with pytest.raises(Unavailable, match=r"refused the login \(535\); see smtp_url") as error:
        sink.send(MESSAGE)
    assert "p/ss" not in str(error.value)


@pytest.mark.parametrize("end", ["?starttls=true", ""])
def test_what_the_server_does_not_offer_is_told(server, end):
    """Without encryption or login on its side nothing is sent at all."""
    login = "" if end else "a:b@"
    with pytest.raises(Unavailable, match="does not offer what smtp_url asks for"):
        smtp_sink(f"smtp://{login}localhost:{server.port}{end}", SENDER).send(MESSAGE)
    assert server.mails == []


@pytest.fixture(scope="module")
def certified(tmp_path_factory) -> Path:
    """Give a certificate for `localhost` that nobody else has signed, with its key, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "board")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2120, 1, 1))  # noqa: DTZ001
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    written = made.sign(key, SHA256()).public_bytes(Encoding.PEM)
    file: Path = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(written + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file


@pytest.fixture(params=["smtp", "smtps"])
def encrypting(request, server, certified) -> tuple[MailServer, str]:
    """Give a server that encrypts, when told or from the beginning, and the form of its URL."""
    server.certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.certificate.load_cert_chain(certified)
    server.is_tls = request.param == "smtps"
    server.offers += ["STARTTLS", "AUTH PLAIN"]
    server.replies["AUTH"] = "235 welcome"
    return server, f"{request.param}://board:s3cret@HOST:{server.port}{'' if server.is_tls else '?starttls=true'}"


def test_login_and_mail_go_encrypted(encrypting, certified, monkeypatch):
    """With STARTTLS and with TLS from the beginning: neither the login nor the mail is ever sent in the clear."""
    server, url = encrypting
    monkeypatch.setenv("SSL_CERT_FILE", str(certified))
    sink = smtp_sink(url.replace("HOST", "localhost"), SENDER)
    sink.send(MESSAGE)
    sink.send(MESSAGE)
    sink.close()
    assert (server.logins, len(server.mails), server.connections) == (["\0board\0s3cret"], 2, 1)
    assert {"AUTH", "MAIL", "RCPT", "DATA"} <= {*server.encrypted}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_server_that_is_not_trusted_gets_nothing(encrypting, certified, host, monkeypatch):
    """A certificate that no authority of this machine has signed, or that is another host's: nothing is handed over."""
    server, url = encrypting
    if host == "127.0.0.1":  # signed by somebody who is trusted, but for another name
        monkeypatch.setenv("SSL_CERT_FILE", str(certified))
    with pytest.raises(
        Unavailable, match=r"shows a certificate that is not trusted here: (self-signed|IP address mismatch)"
    ) as error:
        smtp_sink(url.replace("HOST", host), SENDER).send(MESSAGE)
    assert "s3cret" not in str(error.value)
    assert (server.logins, server.mails, server.recipients) == ([], [], [])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 25, False, False)),
        ("smtp://u:p@mail.example?starttls=true", ("mail.example", 587, True, False)),
        ("smtp://[::1]:2525/?starttls=no", ("::1", 2525, False, False)),
        ("smtps://u:p@mail.example", ("mail.example", 465, False, True)),
    ],
)
def test_a_url_names_a_server(url, expected):
    """Host, port and encryption are read; the ports that are left out are the usual ones."""
    sink = smtp_sink(url, SENDER)
    assert (sink.host, sink.port, sink.starttls, sink.is_tls) == expected


@pytest.mark.parametrize(
    "url",
    [
        "mail.example", "http://mail.example", "smtp://", "smtp://h:port", "smtp://h/path", "smtp://h#x",
        "smtp://u:s3cret@h:99999", "smtp://u:s3cret@mail.example", "smtp://h?starttls=perhaps", "smtp://h?tls=true",
        "smtps://u:s3cret@h?starttls=true", "smtps://u:s3cret%E4%B8%AD@h", "smtp://[u:s3cret@h",
    ],
)  # fmt: skip
def test_a_url_that_is_none_is_refused_without_its_password(url):
    """What is wrong is said and nothing repeated; a password is never sent unencrypted to another machine."""
    with pytest.raises(ValueError, match=r"URL|behind|encrypted|login") as error:
        smtp_sink(url, SENDER)
    assert "s3cret" not in str(error.value)
    assert error.value.__cause__ is None


def test_no_part_of_a_file_is_left_where_writing_failed(tmp_path, monkeypatch):
    """A disk that fills up leaves neither a half file nor its beginnings."""

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scheduler.sinks.os.fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        FileSink(Path(tmp_path)).send(MESSAGE)
    assert list(tmp_path.iterdir()) == []

"""Digests by e-mail: who is told of what, once, by a server that may be away."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from streams.desk.cases import Seen, act_on_case
from streams.desk.digests import send_digests
from streams.desk.errors import DeskError
from streams.desk.life_cycle import Snooze
from streams.desk.mail import MailError, Message, mailer_of
from streams.desk.outbox import MOST_TRIES, fill_outbox
from streams.desk.receivers import NewReceiver, add_receiver, receivers_of, retry_given_up
from streams.desk.settings import DeskSettings
from streams.desk.suppressions import NewSuppression, add_suppression
from streams.service.settings import SettingsError, load
from streams.store.writing import write
from tests.store.changes import change, records

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
"""20:00 in the country."""
MORNING = datetime(2026, 11, 29, 0, 30, tzinfo=UTC)
ANNA = NewReceiver(url="mailto:anna@example.org", severity="medium", daily_at="08:30")
SIGNED_IN = {"user": "desk", "password": "hidden-word"}
DESK = "https://desk.example.org"


class Mailbox:
    """Takes mail, or answers as it is told."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.got: list[bytes] = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the library's name
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer.startswith("250"):
            self.got.append(envelope.content)
        return answer

    @property
    def messages(self):
        return [message_from_bytes(one, policy=policy.default) for one in self.got]


class Server(Controller):
    """On any free port."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def serving(box, **options):
    controller = Server(box, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture
def mailbox():
    made = Mailbox()
    with serving(made) as made.port:
        yield made


def settings(port, **other):
    given = {"host": "127.0.0.1", "port": port, "tls": "none"} | other
    named = {f"desk_smtp_{name}": value for name, value in given.items()}
    return load(DeskSettings, desk_mail_from="desk@example.org", **named)


@pytest.fixture
def send(mailbox):
    return mailer_of(settings(mailbox.port)).send


def digest(engine, send, now=MORNING):
    fill_outbox(engine, NOW)
    return send_digests(engine, send, DESK, now)


def known(engine):
    with engine.connect() as connection:
        (one,) = receivers_of(connection)
    return one


def test_one_message_a_day_tells_what_is_new_and_names_no_vehicle(store, send, mailbox):
    write(store, records(change("before")))
    add_receiver(store, ANNA, now=NOW)
    news = [
        change("a1", severity="critical", score=0.9, title="Sold\r\nBcc: eve@example.org twice"),
        change("a2", severity="medium"), change("a3", severity="low"), change("a4", shadow=True),
        change("a5"), change("a5", 1, state="resolved"),
    ]  # fmt: skip
    for offset, one in enumerate(news):
        write(store, [records(one)[0]._replace(offset=offset + 1)])
    assert digest(store, send, NOW) == 0, "not before its minute"
    assert digest(store, send, MORNING) == 1
    (message,) = mailbox.messages
    assert (message["To"], message["From"]) == ("anna@example.org", "desk@example.org")
    assert message["Subject"] == "zeromile: 1 critical, 1 medium"
    assert message["Bcc"] is None
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_content()
    assert "New or worse since the last digest: 2 alerts, and 1 resolved." in text
    assert f"4 wait for a decision: {DESK}/alerts?case=undecided" in text
    assert text.index(f"{DESK}/alerts/a1") < text.index(f"{DESK}/alerts/a2")
    assert "Guangdong, Neta" in text
    assert "VIN-" not in text
    assert (known(store).waiting, known(store).delivered) == (0, 4)
    assert digest(store, send, MORNING + timedelta(days=1)) == 0, "nothing is new"
    assert len(mailbox.got) == 1


def test_what_is_quiet_when_it_is_sent_is_left_out(store, send, mailbox):
    add_receiver(store, ANNA, now=NOW)
    write(store, records(change("asleep"), change("quiet", subject="V1"), change("told")))
    fill_outbox(store, NOW)
    later = NOW + timedelta(days=9)
    act_on_case(store, "asleep", Snooze(later, "x"), actor="anna", seen=Seen(0, 0), now=NOW)
    snooze = NewSuppression(kind="snooze", reason="x", until=later, vin="V1")
    add_suppression(store, snooze, author="anna", now=NOW)
    assert digest(store, send) == 1
    assert mailbox.messages[0]["Subject"] == "zeromile: 1 high"
    write(store, [records(change("more", subject="V1"))[0]._replace(offset=9)])
    assert digest(store, send, MORNING + timedelta(days=1)) == 0
    assert len(mailbox.got) == 1, "no empty digest"


def test_a_server_that_refuses_is_tried_again_with_the_same_identity(store, send, mailbox):
    add_receiver(store, ANNA, now=NOW)
    write(store, records(change("a1")))
    mailbox.answers = ["451 come again", "250 taken"]
    assert digest(store, send) == 0
    assert "451" in known(store).said
    assert digest(store, send) == 0, "not before its time"
    assert digest(store, send, MORNING + timedelta(hours=1)) == 1
    assert (known(store).waiting, known(store).delivered, known(store).said) == (0, 1, None)
    sent = mailbox.messages[0]
    assert sent["Message-ID"].startswith(f"<{known(store).receiver_id}.")


def test_a_server_that_is_away_loses_nothing(engine, mailbox):
    made = add_receiver(engine, ANNA, now=NOW)
    write(engine, records(change("a9")))
    away = mailer_of(settings(1))
    now = MORNING
    for _ in range(MOST_TRIES):
        assert digest(engine, away.send, now) == 0
        now += timedelta(hours=7)
    assert (known(engine).given_up, known(engine).waiting) == (1, 0)
    assert "Refused" in known(engine).said
    assert retry_given_up(engine, made.receiver_id, now) == 1
    assert digest(engine, None, now) == 0
    assert "ZEROMILE_DESK_SMTP_HOST" in known(engine).said
    back = mailer_of(settings(mailbox.port))
    assert digest(engine, back.send, now + timedelta(days=1)) == 1


def test_two_desks_do_not_send_the_same(engine, send, mailbox):
    add_receiver(engine, ANNA, now=NOW)
    write(engine, records(change("a9")))
    fill_outbox(engine, NOW)
    during = []

    def slow(message):
        during.append(send_digests(engine, send, DESK, MORNING + timedelta(seconds=1)))
        send(message)

    assert send_digests(engine, slow, DESK, MORNING) == 1
    assert during == [0]
    assert len(mailbox.got) == 1


def test_a_password_goes_by_an_encrypted_way_only(mailbox):
    with pytest.raises(SettingsError, match="in the clear"):
        settings(587, host="mail.example.org", **SIGNED_IN)
    mailer = mailer_of(settings(mailbox.port, tls="starttls", **SIGNED_IN))
    message = Message(to="anna@example.org", subject="x", text="x", identity="1", at=NOW)
    with pytest.raises(MailError, match="STARTTLS") as refused:
        mailer.send(message)
    assert "hidden-word" not in str(refused.value)
    assert mailbox.got == []


def test_an_unknown_certificate_is_not_trusted(tmp_path):
    certificate = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    box = Mailbox()
    with serving(box, tls_context=context, require_starttls=True) as port:
        mailer = mailer_of(settings(port, tls="starttls", **SIGNED_IN))
        with pytest.raises(MailError, match="CERTIFICATE_VERIFY_FAILED"):
            mailer.send(Message(to="a@example.org", subject="x", text="x", identity="1", at=NOW))
    assert box.got == []


def _certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("minute", "now", "due"),
    [
        ("20:01", NOW, NOW + timedelta(minutes=1)),
        ("20:00", NOW, NOW + timedelta(days=1)),
        ("08:00", NOW, NOW + timedelta(hours=12)),
    ],
)
def test_the_minute_is_one_of_the_country(engine, send, minute, now, due):
    add_receiver(engine, NewReceiver(url="mailto:anna@example.org", daily_at=minute), now=now)
    write(engine, records(change("a9")))
    fill_outbox(engine, now)
    assert send_digests(engine, send, None, due - timedelta(seconds=1)) == 0
    assert send_digests(engine, send, None, due) == 1


def test_a_webhook_has_no_minute(engine):
    with pytest.raises(DeskError, match="told at once"):
        add_receiver(engine, NewReceiver(url="https://example.org/", daily_at="08:00"), now=NOW)

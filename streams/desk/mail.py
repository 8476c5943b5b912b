"""Messages to a mail server, by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

import msgspec

from detectors.errors import ZeromileError
from streams.desk.settings import DeskSettings

SECONDS = 10.0
"""Patience with the server."""
_LONGEST_SAID = 300


class MailError(ZeromileError):
    """The mail server did not take a message; the message says what it answered."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message to one person."""

    to: str
    subject: str
    text: str
    identity: str
    """The same however often it is sent, so that a server or a person tells a repetition."""
    at: datetime


class Mailer:
    """Hands messages to the server that the settings name.

    Parameters
    ----------
    settings
        Name it, how to sign in, and from whom the messages are.
    """

    def __init__(self, settings: DeskSettings) -> None:
        self._settings = settings

    def send(self, message: Message) -> None:
        """Hand one message over.

        Raises
        ------
        MailError
            If it was not taken.
        """
        try:
            with self._connected() as server:
                server.send_message(self._written(message))
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise MailError(f"{type(error).__name__}: {error}"[:_LONGEST_SAID]) from None

    def _connected(self) -> smtplib.SMTP:
        known = self._settings
        host, trusted = known.desk_smtp_host or "", ssl.create_default_context()
        if known.desk_smtp_tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, known.desk_smtp_port, timeout=SECONDS, context=trusted
            )
        else:
            server = smtplib.SMTP(host, known.desk_smtp_port, timeout=SECONDS)
        try:
            if known.desk_smtp_tls == "starttls":
                server.starttls(context=trusted)
            if known.desk_smtp_user and known.desk_smtp_password:
                server.login(known.desk_smtp_user, known.desk_smtp_password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server

    def _written(self, message: Message) -> EmailMessage:
        sender = self._settings.desk_mail_from or ""
        written = EmailMessage()
        written["From"] = sender
        written["To"] = message.to
        written["Subject"] = message.subject
        written["Date"] = format_datetime(message.at)
        written["Message-ID"] = f"<{message.identity}@{sender.rpartition('@')[2]}>"
        written["Auto-Submitted"] = "auto-generated"
        written.set_content(message.text)
        return written


def mailer_of(settings: DeskSettings) -> Mailer | None:
    """What sends mail, `None` where no server is set."""
    return Mailer(settings) if settings.desk_smtp_host and settings.desk_mail_from else None

"""Settings: documented, checked at the start, secrets hidden, complete security."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from faust.auth import OAuthCredentials, SASLCredentials
from typer.testing import CliRunner

from streams.cli import app
from streams.service.settings import Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ZEROMILE_{name.upper()}", raising=False)


def test_every_setting_says_what_it_is():
    assert all(field.description for field in Settings.model_fields.values())


def test_show_names_every_variable_and_hides_secrets(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ZEROMILE_WEB_TOKEN", "very-secret")
    result = CliRunner().invoke(app, ["settings", "show"])

    assert result.exit_code == 0
    assert all(f"ZEROMILE_{name.upper()}" in result.output for name in Settings.model_fields)
    assert "very-secret" not in result.output


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("ZEROMILE_PARTITIONS", "0", "ZEROMILE_PARTITIONS: Input should be greater than or equal to 1"),
        ("ZEROMILE_FLUSH_SECONDS", "-1", "ZEROMILE_FLUSH_SECONDS: Input should be greater than 0"),
        ("ZEROMILE_BOOTSTRAP_SERVERS", "nowhere", "ZEROMILE_BOOTSTRAP_SERVERS: String should match"),
        ("ZEROMILE_SECURITY_PROTOCOL", "SASL_SSL", "sasl_username is missing"),
        ("ZEROMILE_SSL_CA_FILE", "/not/there", "ssl_ca_file: there is no file"),
        ("ZEROMILE_WEB_HOST", "0.0.0.0", "web_token is missing"),  # noqa: S104 - refused
        ("ZEROMILE_LOG_LEVEL", "loud", "ZEROMILE_LOG_LEVEL"),
        ("ZEROMILE_IDENTITY_KEY", "short", "ZEROMILE_IDENTITY_KEY: an identity key of 5 characters"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str):
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as wrong:
        load_settings()
    result = CliRunner().invoke(app, ["settings", "show"])

    assert told in str(wrong.value)
    assert result.exit_code == 2


def test_an_empty_identity_key_is_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ZEROMILE_IDENTITY_KEY", "")

    assert load_settings().identities is None


def test_scram_over_tls_reaches_all_three_clients():
    settings = load_settings(
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-256",
        sasl_username="me",
        sasl_password="secret",  # noqa: S106 - a test
    )
    credentials = settings.faust_credentials()

    for options in (settings.aiokafka_options(), settings.kafka_python_options()):
        assert options["security_protocol"] == "SASL_SSL"
        assert options["sasl_mechanism"] == "SCRAM-SHA-256"
        assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("me", "secret")
        assert isinstance(options["ssl_context"], ssl.SSLContext)
    assert isinstance(credentials, SASLCredentials)
    assert (credentials.username, credentials.protocol.value) == ("me", "SASL_SSL")


async def test_the_token_file_is_read_for_every_login(tmp_path: Path):
    token = tmp_path / "token"
    token.write_text("first\n", "utf-8")
    settings = load_settings(
        security_protocol="SASL_PLAINTEXT", sasl_mechanism="OAUTHBEARER", sasl_token_file=token
    )
    source = settings.aiokafka_options()["sasl_oauth_token_provider"]
    blocking = settings.kafka_python_options()["sasl_oauth_token_provider"]
    assert await source.token() == "first"

    token.write_text("second\n", "utf-8")

    assert (await source.token(), blocking.token()) == ("second", "second")
    assert isinstance(settings.faust_credentials(), OAuthCredentials)


def test_addresses_are_taken_apart():
    settings = load_settings(bootstrap_servers="a:1, [::1]:9092")

    assert settings.broker_addresses() == [("a", 1), ("::1", 9092)]
    assert settings.faust_brokers() == ["kafka://a:1", "kafka://[::1]:9092"]


def test_an_empty_token_opens_nothing():
    with pytest.raises(SettingsError, match="web_token is missing"):
        load_settings(web_host="0.0.0.0", web_token="")  # noqa: S104 - refused
    assert load_settings(web_token=" ").web_token is None  # noqa: S106 - none


def test_an_empty_password_is_none():
    with pytest.raises(SettingsError, match="sasl_password is empty"):
        load_settings(security_protocol="SASL_SSL", sasl_username="u", sasl_password="")

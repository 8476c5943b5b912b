"""Values that are nearly right are answered, before anything else is done."""

import pytest

from streams.cli.service_options import detectors_like


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["alerts", "list", "--detector", "double_sales"], "did you mean double_sale"),
        (["alerts", "tail", "--detector", "double_sales"], "did you mean double_sale"),
        (["detectors", "show", "double_sales"], "did you mean double_sale"),
        (["dead-letters", "list", "--reason", "not_jsn"], "did you mean not_json"),
        (["dead-letters", "list", "--reason", "x"], "allowed: "),
    ],
)
def test_a_value_that_is_none_names_those_that_are(run, words, hint):
    result = run(*words)
    assert result.exit_code == 2
    assert hint in " ".join(result.output.split())


def test_a_misspelt_variable_is_named(command, monkeypatch):
    monkeypatch.setenv("ZEROMILE_BOOTSTRAPP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("ZEROMILE_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    _, complaints = command("topics", "check").communicate()
    assert b"did you mean ZEROMILE_BOOTSTRAP_SERVERS?" in complaints
    assert complaints.count(b"did you mean") == 1


def test_ids_of_detectors_are_completed():
    assert detectors_like("double") == ["double_sale"]

"""Values that are nearly right are answered, before anything else is done."""

import pytest

from streams.cli.service_options import detectors_like
from streams.setup import policy


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


def test_the_sink_asks_where_before_it_makes_a_file(run, stream, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZEROMILE_SINK_URL", raising=False)
    result = run("sink", "--from-file", stream)
    assert result.exit_code == 2
    assert "--url" in result.output
    assert list(tmp_path.iterdir()) == [stream]


def test_a_detector_without_a_section_of_the_policy_is_one_line(run, monkeypatch):
    text = policy.shipped_policy_text()
    begin = text.index("\n[double_sale]")
    without = text[:begin] + text[text.index("\n[", begin + 5) :]
    monkeypatch.setattr(policy, "shipped_policy_text", lambda: without)
    result = run("detectors", "show", "double_sale")
    assert "Traceback" not in result.output
    assert result.exit_code in {0, 2}
    assert result.exception is None or isinstance(result.exception, SystemExit)

"""What the operator decided: from the file and from the command; the policy refuses nonsense."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import trimtab
from trimtab.cln import Store
from trimtab.cln.operator_policy import OperatorPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.lightningd import TestNode
    from support.process import PluginProcess


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as opened:
        yield opened


def test_the_file_is_read_again_when_it_changes_and_its_last_good_content_stays(
    store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "policy.toml"
    operator = OperatorPolicy(store, trimtab.Policy(), file)
    assert (operator.decisions(), operator.trouble) == ([], None)
    file.write_text('["640x1x0"]\nrebalance = "off"\n')
    assert operator.decisions() == [{"subject": "640x1x0", "rebalance": "off"}]
    file.write_text('["640x1x0"\n')
    os.utime(file, (1, 1))
    assert operator.decisions() == [{"subject": "640x1x0", "rebalance": "off"}]
    assert operator.trouble is not None
    file.write_text('["640x1x0"]\nfee = { off = true }\n')
    os.utime(file, (2, 2))
    assert operator.decisions() == [{"subject": "640x1x0", "fee": {"off": True}}]
    assert operator.trouble is None
    file.unlink()
    assert operator.decisions() == []


def test_the_command_counts_over_the_file_and_survives(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('["640x1x0"]\nrebalance = "off"\n["02ab"]\nrebalance = "source_only"\n')
    OperatorPolicy(store, trimtab.Policy(), file).set("640x1x0", {"rebalance": "both"}, now=1)
    again = OperatorPolicy(store, trimtab.Policy(), file)
    assert again.decisions() == [
        {"subject": "02ab", "rebalance": "source_only"},
        {"subject": "640x1x0", "rebalance": "both"},
    ]
    assert again.clear("640x1x0", now=2)
    assert not again.clear("640x1x0", now=3)
    assert {"subject": "640x1x0", "rebalance": "off"} in again.decisions()


@pytest.mark.parametrize(
    "decision",
    [{"rebalance": "sometimes"}, {"fee": {"minimum_ppm": -1}}, {"fees": {}}, {"fee": "low"}],
)
def test_a_decision_that_the_policy_can_not_read_is_refused(
    store: Store, decision: dict[str, object]
) -> None:
    operator = OperatorPolicy(store, trimtab.Policy())
    with pytest.raises(trimtab.InputError):
        operator.set("640x1x0", decision, now=1)
    assert operator.decisions() == []


def test_advice_obeys_the_operator_and_says_so(
    plugins: Callable[..., PluginProcess], node: TestNode
) -> None:
    process = plugins("trimtab-cln")
    process.manifest()
    process.init(node)
    process.ready()
    channel = process.ask("trimtab-advise")["rebalances"][0]["channel_id"]
    reply = process.ask("trimtab-policy", {"subject": channel, "rebalance": "off"})
    assert {"subject": channel, "rebalance": "off"} in reply["decisions"]
    advice = process.ask("trimtab-advise")
    assert next(iter(advice)) == "rebalances", "what may be done stands first"
    (mine,) = [one for one in advice["rebalances"] if one["channel_id"] == channel]
    assert mine["outcome"] == "refused"
    binding = next(one for one in mine["reasons"] if one["binding"])
    assert binding["code"] == "set_by_operator"
    assert "how" not in mine
    explained = process.ask("trimtab-explain", [channel])
    assert explained["channels"][0]["rebalance_decision"] == "off"
    reply = process.ask("trimtab-policy", {"subject": channel, "clear": True})
    assert reply == {"cleared": True, "decisions": []}
    reply = process.ask("trimtab-policy", ["nonsense", "off"])
    assert reply["about_nothing"] == ["nonsense"], "a mistyped subject is told at once"
    process.ask("trimtab-policy", {"subject": "nonsense", "clear": True})
    wrong = process.ask("trimtab-policy", {"subject": channel, "rebalance": "sometimes"})
    assert wrong["error"] in ("out_of_range", "malformed")
    assert process.ask("trimtab-policy", {"subject": channel})["error"] == "missing_field"

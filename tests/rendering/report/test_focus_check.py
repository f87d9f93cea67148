"""How `.ci/run` reads the report of FOCUS's validator, which ends with 0 also if rules fail."""

from __future__ import annotations

from tools.focus import ENOUGH, failures

PASSED = "".join(f"✅ Rule-C-{number:03}-M: PASS  (3.5ms)\n" for number in range(ENOUGH))


def test_a_rule_that_fails_is_named() -> None:
    assert failures(f"{PASSED}❌ BilledCost-C-003-M: FAIL  (violations=1)") == ["BilledCost-C-003-M"]


def test_a_file_that_the_validator_cannot_read_is_a_failure() -> None:
    assert failures("FileNotFoundError") == ["only 0 rules passed"]
    assert failures(PASSED.replace("PASS", "SKIPPED")) == ["only 0 rules passed"]


def test_one_of_the_two_rules_on_invoice_ids_may_fail_and_not_both() -> None:
    one, other = "❌ InvoiceId-C-004-C: FAIL\n", "❌ InvoiceId-C-005-C: FAIL\n"

    assert failures(PASSED + one) == failures(PASSED + other) == []
    assert failures(PASSED + one + other) == ["InvoiceId-C-004-C", "InvoiceId-C-005-C"]

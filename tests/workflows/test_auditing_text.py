"""The text of an audit: one page for a person, however much was found."""

import unicodedata

import pytest
from auditkit import lines
from chain.chainkit import NOW, sha

from cipherpost.chain.findings import CODES, Finding
from cipherpost.dispatch.header import Head
from cipherpost.workflows.audit_phrases import EITHER, WHO
from cipherpost.workflows.auditing import Report


def report_of(*findings, **more):
    head = Head("center/roster", 1, sha("genesis"))
    fields = {
        "network": "rkpb", "fingerprint": sha("genesis"), "roster": head, "as_of": NOW, "dispatches": 1,
        "heads": (head,), "findings": findings, "titles": {"tver": "Tver Gubernia Committee"},
    }  # fmt: skip
    return Report(**{**fields, **more})


def of(code, channel="tver/center", number=4, **more):
    return Finding(code=code, channel=channel, number=number, office=channel.partition("/")[0], detail="so", **more)


def block(report, code):
    """The lines of the finding of that code, joined."""
    shown = lines(report)
    start = next(at for at, line in enumerate(shown) if line.split()[1:2] == [code])
    end = shown.index("", start)
    return " ".join(line.strip() for line in shown[start:end])


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_told_with_place_rule_whom_it_points_to_and_what_to_do(code):
    told = block(report_of(of(code)), code)
    row = CODES[code]
    assert told.startswith(
        f"{row.grade.upper()} {code} tver/center/4 so".replace(" ", "  ", 2).replace("4  so", "4 so")
    )
    assert f"rule: {row.rule} points to: " in told
    assert " do: " in told


def test_what_lies_with_either_is_said_to_lie_with_either():
    assert "points to: cannot be told" in block(report_of(of("disagrees")), "disagrees")
    assert "points to: cannot be told" in block(report_of(of("unheard")), "unheard")
    gap = block(report_of(of("gap")), "gap")
    assert WHO["carrier"] in gap
    assert "or the sender" in gap
    assert "points to: the sender, tver (Tver Gubernia Committee)" in block(report_of(of("fork")), "fork")
    assert EITHER.keys() <= CODES.keys()


def test_nobody_is_accused_of_what_the_carrier_can_do_alone():
    """It divides an office in two, keeps a report back until the grace is over, or the dispatch that hands on a key."""
    divided = of("fork", points="nobody")
    told = block(report_of(of("fork", "kursk/center"), divided), "fork")
    assert "points to: the sender, kursk" in told
    shown = " ".join(line.strip() for line in lines(report_of(of("fork", "kursk/center"), divided)))
    assert shown.count("points to: the sender") == 1
    assert "points to: cannot be told: the carrier may have shown the officers two things" in shown
    for code in ("late", "overdue", "not-given"):
        assert f"points to: {WHO['sender']}; or the carrier" in block(report_of(of(code)), code)


def test_v6_what_an_officer_signed_without_its_form_is_not_laid_at_the_carriers_door():
    told = block(report_of(of("malformed", points="sender")), "malformed")
    assert "points to: the sender, tver (Tver Gubernia Committee)" in told
    assert "Ask the sender whether he signed it" in told
    assert "points to: the carrier" in block(report_of(of("malformed")), "malformed")


@pytest.mark.parametrize("title", ["漢字" * 60, "漢 a" * 40, "e\u0301" * 60, "ｆｕｌｌ" * 30])
def test_letters_that_take_two_columns_keep_the_page_at_80(title):
    """An office with a title of East Asia, or one that is made to break the page."""
    many = [of(code) for code in CODES]
    for line in lines(report_of(*many, titles={"tver": title, "center": title})):
        wide = sum(unicodedata.east_asian_width(ch) in "WF" for ch in line)
        assert len(line) + wide <= 80
        assert "\ufffe" not in line
    told = " ".join(line.strip() for line in lines(report_of(of("repeat"), titles={"tver": title})))
    assert title.replace(" ", "") in told.replace(" ", "")


def test_known_findings_stand_apart_below_the_new_ones():
    shown = lines(report_of(of("fork").known("center/roster/9"), of("clock")))
    heading = shown.index("Known before: listed in a signed audit, or settled")
    assert shown.index("NOTICE  clock  tver/center/4") < heading < shown.index("ALARM  fork  tver/center/4")
    assert "  known since: center/roster/9" in shown
    assert not any(line.startswith("Known before") for line in lines(report_of(of("clock"))))


def test_very_many_findings_are_counted_by_code_and_stay_one_page():
    many = [of(code, f"office-{at}/center", at + 1) for code in CODES for at in range(500)]
    shown = lines(report_of(*many))
    assert len(shown) < 600
    told = " ".join(shown)
    assert "By code: fork 500, malformed 500" in told
    assert "and 492 more such, in 492 more channels; all of them: --json, or --html FILE" in told
    assert "also office-10/center/11: so" in told


def test_a_few_findings_are_not_counted_by_code():
    assert not any(line.startswith("By code") for line in lines(report_of(*(of("gap", number=n) for n in (3, 5)))))


def test_scattered_numbers_do_not_fill_the_page():
    shown = lines(report_of(*(of("held", number=2 * n) for n in range(1, 5000))))
    assert len(shown) < 40
    assert "22, and so on to 9998" in " ".join(" ".join(shown).split())


def test_the_command_that_repeats_it_names_fingerprint_time_and_whether_sealed_files_were_looked_at():
    assert report_of().command == f"cipherpost audit --post COPY --fingerprint {sha('genesis')} --as-of {NOW}"
    assert report_of(sealed=True).command.endswith(f"--as-of {NOW} --sealed")


@pytest.mark.parametrize(
    ("code", "standing"), [(None, "well"), ("clock", "notice"), ("gap", "warning"), ("forged", "alarm")]
)
def test_the_standing_is_the_gravest_that_is_new(code, standing):
    assert report_of(*([of(code)] if code else [])).standing == standing
    if code:
        assert report_of(of(code).known("audit/center/1")).standing == "well"
    assert report_of(unread={"a": "b"}).standing == "warning"
    assert report_of(roster=None).standing == "alarm"

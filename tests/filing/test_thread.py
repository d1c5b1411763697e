"""filing/A17: each return with what was asked, answered and changed, by whom and when, in order."""

from typing import Any

from filing import dossier, prepared, remarks, thread
from filing.dossier import Filing
from filing.thread import Return
from registry.organisations import Actor, Organisation, Person
from tests.filing.papers import Scene


def told(scene: Scene, filing: Filing, reader: Actor | None = None) -> list[Return]:
    return thread.of(scene.session, filing, reader=reader or scene.filer)


def fill(scene: Scene, filing: Filing, **answers: Any) -> None:
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers=answers,
    )


def reply(scene: Scene, filing: Filing, key: str, zh: str) -> None:
    found = next(each for each in remarks.on(scene.session, filing) if each.key == key)
    remarks.reply(
        scene.session, by=scene.filer, remark_id=found.id, revision=filing.revision, zh=zh
    )


def returned(scene: Scene) -> Filing:
    """A filing that was returned for two of its answers."""
    asked = [
        {"code": "B1", "zh": "名称太长", "en": "The name is too long"},
        {"code": "B2", "zh": "请改写"},
    ]
    return scene.rule(scene.submitted(), "return", remarks=asked, reason="两处请补正")


def test_a_filing_that_was_never_returned_has_no_thread(scene: Scene) -> None:
    assert told(scene, scene.submitted()) == []


def test_a_return_tells_what_was_asked_of_which_answer(scene: Scene) -> None:
    filing = returned(scene)
    (first,) = told(scene, filing)
    assert (first.submission, first.answered, first.reason) == (1, None, {"zh": "两处请补正"})
    authority = scene.session.get_one(Organisation, scene.reviewer.organisation_id)
    assert first.who == authority.name  # to the filer the authority speaks, no person
    assert [(each.key, each.said.get("en")) for each in first.asked] == [
        ("B1", "The name is too long"),
        ("B2", None),
    ]
    reviewer = scene.session.get_one(Person, scene.reviewer.person_id).name
    assert told(scene, filing, scene.reviewer)[0].who.zh == reviewer


def test_every_reply_stays_in_order_with_who_and_when(scene: Scene) -> None:
    """A second reply took the place of the first, and nobody could read what it had said."""
    filing = returned(scene)
    reply(scene, filing, "B1", "这是注册名称")
    reply(scene, filing, "B1", "附上登记证明")
    (first,) = told(scene, filing)
    named, other = first.asked
    assert [each.said["zh"] for each in named.replies] == ["这是注册名称", "附上登记证明"]
    assert named.replies[0].at <= named.replies[1].at
    assert other.replies == ()


def test_what_the_filer_changed_stands_beside_what_was_asked_once_it_is_submitted(
    scene: Scene,
) -> None:
    filing = returned(scene)
    reply(scene, filing, "B1", "这是注册名称")
    fill(
        scene,
        filing,
        B2="判断贷款能不能批准。",
        E7="换了一个标准",
    )
    assert told(scene, filing, scene.reviewer)[0].asked[1].change is None  # a draft is no answer
    scene.file(filing, "submit")
    (first,) = told(scene, filing, scene.reviewer)
    named, summary = first.asked
    assert named.change is None
    assert summary.change is not None
    assert summary.change.after is not None
    assert summary.change.after.zh.startswith("判断贷款能不能批准。")
    assert [each.key for each in first.besides] == ["E7"]
    assert first.answered is not None
    filer = scene.session.get_one(Organisation, scene.filer.organisation_id)
    assert first.answered_by == filer.name


def test_a_second_return_is_a_turn_of_its_own(scene: Scene) -> None:
    filing = returned(scene)
    fill(scene, filing, B1="短名", B2="判断贷款能不能批准。")
    scene.file(filing, "submit")
    scene.rule(filing, "return", remarks=[{"code": "B2", "zh": "还是太长"}])
    first, second = told(scene, filing)
    assert [each.key for each in first.asked] == ["B1", "B2"]
    assert [(each.key, each.said["zh"]) for each in second.asked] == [("B2", "还是太长")]
    assert (first.submission, second.submission) == (1, 2)
    assert second.answered is None


def test_a_prepared_reason_is_told_in_both_languages_and_other_words_as_written(
    scene: Scene,
) -> None:
    one = prepared.PREPARED[0]
    asked = [{"code": "B1", "zh": one.zh}, {"code": "B2", "zh": f"{one.zh}还有一处"}]
    filing = scene.rule(scene.submitted(), "return", remarks=asked)
    (first,) = told(scene, filing)
    assert [each.said.get("en") for each in first.asked] == [one.en, None]

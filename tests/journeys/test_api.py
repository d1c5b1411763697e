"""The whole job through the API alone: two organisations, an authority, one public entry."""

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.home import verify
from registry import attestation, keys
from tests import cast, models
from tests.filing import papers
from tests.journeys.house import Caller, House, open_house
from tests.portal import installation

PASSWORD = "a long enough password"
PLAN: dict[str, Any] = {
    **installation.PLAN,
    "probes": [
        {"id": "selection_parity"},
        {"id": "error_parity"},
        {"id": "counterfactual_flip"},
    ],
}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@dataclass
class Job:
    """One job on its way: who takes part, and what there is so far."""

    house: House
    folder: Path
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    people: dict[str, Caller] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    version: dict[str, Any] = field(default_factory=dict)
    report_id: str = ""
    explanation_id: str = ""

    @property
    def public(self) -> Caller:
        """Anyone."""
        return self.house.caller()

    def join(self, name: str, secret: str, *, scopes: list[str]) -> Caller:
        """Accept an invitation and get a first token."""
        self.public.post(
            "/invitations/accept", {"secret": secret, "name": name, "password": PASSWORD}
        )
        self.public.refused(
            "POST",
            "/invitations/accept",
            status=409,
            json={"secret": secret, "name": name, "password": PASSWORD},
        )
        fresh = self.public.post(
            "/tokens/by-password",
            {
                "email": f"{name}@example.org" if "@" not in name else name,
                "password": PASSWORD,
                "label": "journey",
                "scopes": scopes,
            },
        )
        self.people[name] = self.house.caller(fresh["secret"])
        return self.people[name]


def test_the_whole_job_goes_through_the_api_alone(house: House, tmp_path: Path) -> None:
    job = Job(house, tmp_path)
    people_come_together(job)
    the_enterprise_submits(job)
    the_tester_is_engaged(job)
    the_tester_evaluates(job)
    the_tester_countersigns_at_home(job)
    the_enterprise_explains(job)
    filing = the_enterprise_files(job)
    number = the_authority_reviews(job, filing)
    the_public_reads(job, number)


def people_come_together(job: Job) -> None:
    """The authority founds two organisations; each invites its own people."""
    job.public.post(
        "/invitations/accept",
        {"secret": job.house.first_invitation, "name": "主任", "password": PASSWORD},
    )
    chief = job.house.caller(
        job.public.post(
            "/tokens/by-password",
            {
                "email": "chief@authority.example",
                "password": PASSWORD,
                "label": "journey",
                "scopes": ["read", "administer"],
            },
        )["secret"]
    )
    weak = chief.refused(
        "POST", "/organisations", status=422, json={"kind": "tester", "name_zh": "", "name_en": ""}
    )
    assert [reason["item"] for reason in weak["reasons"]] == ["name_zh", "name_en"]
    for kind, zh, en, role in (
        ("enterprise", "示例信贷公司", "Example Credit Co.", "filer"),
        ("tester", "示例测评中心", "Example Testing Centre", "tester"),
    ):
        place = chief.post("/organisations", {"kind": kind, "name_zh": zh, "name_en": en})
        particulars = {
            "credit_code": cast.credit_code(f"{len(job.places):08}"),
            "district": "徐汇区",
            "revision": place["revision"],
        }
        path = f"/organisations/{place['id']}"
        place = chief.ask("PATCH", path, json=particulars)
        seen = {"document": "business_licence", "seen": "2026-11-21"}
        chief.post(f"{path}/verification", {**seen, "revision": place["revision"]})
        job.places[kind] = place["id"]
        boss = job.join(
            f"boss-{kind}",
            _invite(chief, f"boss-{kind}", "administrator", place["id"]),
            scopes=["read", "administer"],
        )
        wrong = boss.refused(
            "POST",
            "/invitations",
            status=422,
            json={"email": "x@example.org", "role": "reviewer"},
        )
        assert wrong["type"] == "/problems/role-not-allowed"
        job.join(
            role,
            _invite(boss, role, role),
            scopes=["read", "submit", "evaluate", "file"],
        )
    for reviewer in ("reviewer", "publisher"):
        job.join(reviewer, _invite(chief, reviewer, "reviewer"), scopes=["read", "review"])
    proof = keys.proof(job.key, job.places["tester"])
    job.people["boss-enterprise"].refused("POST", "/keys", status=422, json={"proof": proof})
    job.people["boss-tester"].post("/keys", {"proof": proof, "label": "2026"})


def _invite(by: Caller, name: str, role: str, place: str | None = None) -> str:
    secret: str = by.post(
        "/invitations",
        {"email": f"{name}@example.org", "role": role, "organisation_id": place},
    )["secret"]
    return secret


def the_enterprise_submits(job: Job) -> None:
    """A model is screened, stored and recorded once; rubbish is refused with its reasons."""
    filer = job.people["filer"]
    where = "/models/credit/versions"
    bad = models.credit_model(job.folder / "bad")
    (bad / "MLmodel").write_text("flavors: {}", encoding="utf-8")
    refused = filer.refused("POST", where, status=422, content=_archive(bad))
    assert refused["reasons"]
    filer.refused("POST", where, status=422, content=b"no archive at all")
    job.people["tester"].refused("POST", where, status=403, content=b"x")

    archive = _archive(models.onnx_model(job.folder / "model"))
    once = {"Idempotency-Key": "first-try", "Content-Type": "application/gzip"}
    job.version = filer.post(where, content=archive, headers=once)
    again = filer.post(where, content=archive, headers=once, status=201)
    twice = filer.post(where, content=archive, status=200)
    assert job.version["id"] == again["id"] == twice["id"]
    listed = filer.get("/versions")["items"]
    assert [version["id"] for version in listed] == [job.version["id"]]


def the_tester_is_engaged(job: Job) -> None:
    """The enterprise grants, the tester declares and takes on; nobody else gets near."""
    filer, tester = job.people["filer"], job.people["tester"]
    version = f"/versions/{job.version['id']}"
    tester.refused("GET", version, status=403)
    testers = filer.get("/organisations", params={"kind": "tester"})["items"]
    wish = {"tester_id": testers[0]["id"], "query_budget": 10**6, "conflict_filer": "无"}
    filer.refused(
        "POST", f"{version}/engagements", status=422, json={**wish, "conflict_filer": ""}
    )
    granted = filer.post(f"{version}/engagements", wish)
    filer.refused("POST", f"{version}/engagements", status=409, json=wish)
    taking = f"/engagements/{granted['id']}/take-on"
    filer.refused("POST", taking, status=403, json={"conflict_tester": "无"})
    tester.post(taking, {"conflict_tester": "无"}, status=200)
    assert tester.get(version)["digest"] == job.version["digest"]


def the_tester_evaluates(job: Job) -> None:
    """Data and plan are registered, a worker runs them, progress can be watched."""
    filer, tester = job.people["filer"], job.people["tester"]
    evaluating = f"/versions/{job.version['id']}/evaluations"
    data = _register(job, tester, "evaluation")
    engagement = tester.get("/engagements")["items"][0]
    filer.refused("GET", f"/datasets/{data['id']}", status=403)
    wish = {"dataset_id": data["id"], "plan": PLAN, "engagement_id": engagement["id"]}
    bad = {**wish, "plan": {"title": "", "probes": [{"id": "no_such_probe"}], "alpha": 2}}
    refused = tester.refused("POST", evaluating, status=422, json=bad)
    assert len(refused["reasons"]) > 1
    tester.refused("POST", evaluating, status=422, json={**wish, "plan": "= not toml"})
    tester.refused("POST", evaluating, status=403, json={**wish, "engagement_id": None})

    made = tester.post(evaluating, wish)
    assert tester.post(evaluating, wish)["id"] == made["id"]
    ended = tester.until(f"/evaluations/{made['id']}", _ended)
    assert ended["work"]["state"] == "done", ended["work"]
    job.report_id = ended["report_id"]
    assert tester.get("/engagements")["items"][0]["spent"] > 0
    assert filer.get(evaluating)["items"][0]["id"] == made["id"]


def the_tester_countersigns_at_home(job: Job) -> None:
    """The envelope goes home, gets a signature, and comes back; any other is refused."""
    tester, filer = job.people["tester"], job.people["filer"]
    report = f"/reports/{job.report_id}"
    given = tester.send("GET", f"{report}/envelope").content
    back = f"{report}/countersignature"
    refused = tester.refused("POST", back, status=422, content=given)
    assert refused["type"] == "/problems/bad-layer"
    stranger = verify.sign(given, Ed25519PrivateKey.generate())
    tester.refused("POST", back, status=422, content=stranger)
    tester.refused("POST", back, status=422, content=b"\xff\xfe")
    signed = verify.sign(given, job.key)
    filer.refused("POST", back, status=403, content=signed)
    assert tester.post(back, content=signed.encode(), status=200)["countersigned"]
    tester.refused("POST", back, status=409, content=signed)
    seen = filer.get(report)
    assert seen["statement"]["predicate"]["findings"]
    filer.refused("GET", f"{report}/sealed-evidence", status=403)
    assert tester.get(f"{report}/sealed-evidence")


def the_enterprise_explains(job: Job) -> None:
    """An explanation is requested, made by the worker, read and approved."""
    filer = job.people["filer"]
    data = _register(job, filer, "explanation")
    asking = f"/versions/{job.version['id']}/explanations"
    wish = {
        "dataset_id": data["id"],
        "report_id": job.report_id,
        "plan": installation.EXPLANATION,
    }
    gaps = {**wish, "plan": {"columns": [{"name": "income"}]}}
    assert filer.refused("POST", asking, status=422, json=gaps)["reasons"]
    unfit: tuple[dict[str, Any], ...] = (
        *({"cut": "x"}, {"columns": {"income": {}}}, {"people": 0}, {"k": 1}),
    )
    for wrong in unfit:
        gaps = {**wish, "plan": installation.EXPLANATION | wrong}
        refused = filer.refused("POST", asking, status=422, json=gaps)["reasons"]
        assert [each["item"] for each in refused] == list(wrong)
    made = filer.post(asking, wish)
    job.explanation_id = made["id"]
    here = f"/explanations/{made['id']}"
    done = filer.until(here, _ended)
    assert done["work"]["state"] == "done", done["work"]
    assert filer.post(f"{here}/approve", status=200)["approved"]


def the_enterprise_files(job: Job) -> str:
    """A dossier is opened, filled in, completed and submitted."""
    filer = job.people["filer"]
    filing = filer.post(f"/versions/{job.version['id']}/filings")
    filer.refused("POST", f"/versions/{job.version['id']}/filings", status=409)
    here = f"/filings/{filing['id']}"
    blind = filer.refused("POST", f"{here}/steps", status=422, json={"action": "check"})
    assert [each["item"] for each in blind["reasons"]] == ["body.revision"]
    read = {"revision": filing["revision"]}
    early = filer.refused("POST", f"{here}/steps", status=422, json={"action": "check", **read})
    assert len(early["reasons"]) > 10
    wrong = {"answers": {"B1": 7, "B6": {"value": ["x"]}}, **read}
    assert filer.refused("PATCH", f"{here}/answers", status=422, json=wrong)["reasons"]
    filer.refused("PATCH", f"{here}/answers", status=404, json={"answers": {"Z9": "x"}, **read})
    filled = filer.ask("PATCH", f"{here}/answers", json={"answers": papers.answers(), **read})
    stale = {"answers": {"B2": "别的话"}, "revision": filled["revision"] - 1}
    lost = filer.refused("PATCH", f"{here}/answers", status=409, json=stale)
    assert "B2" in {each["item"] for each in lost["reasons"]}
    attached = {"report_id": job.report_id, "explanation_id": job.explanation_id}
    whole = filer.post(
        f"{here}/attachments", attached | {"revision": filled["revision"]}, status=200
    )
    assert whole["lacking"] == []
    for action in ("check", "submit"):
        taken = {"action": action, "revision": whole["revision"]}
        whole = filer.post(f"{here}/steps", taken, status=200)
    assert whole["status"] == "submitted"
    taken = {"action": "accept", "revision": whole["revision"]}
    filer.refused("POST", f"{here}/review", status=403, json=taken)
    return str(filing["id"])


def the_authority_reviews(job: Job, filing: str) -> str:
    """One return with a remark, one answer, then accepted, numbered and published."""
    reviewer, filer = job.people["reviewer"], job.people["filer"]
    here = f"/filings/{filing}"
    assert [one["id"] for one in reviewer.get("/filings/queue")["items"]] == [filing]

    def read() -> dict[str, Any]:
        return {"revision": reviewer.get(here)["revision"]}

    opened = read()
    reviewer.refused("POST", f"{here}/review", status=422, json={"action": "return", **opened})
    reviewer.refused("POST", f"{here}/review", status=409, json={"action": "publish", **opened})
    remark = {"code": "B7", "zh": "请写明不适用的情形。"}
    returning = {"action": "return", "remarks": [remark], **opened}
    reviewer.post(f"{here}/review", returning, status=200)
    filer.refused("POST", f"{here}/steps", status=422, json={"action": "submit", **read()})
    returned = filer.get(f"{here}/remarks")["items"][0]
    assert returned["code"] == "B7"
    filer.post(f"/remarks/{returned['id']}/reply", {"zh": "已写明。", **read()}, status=200)
    filer.post(f"{here}/steps", {"action": "submit", **read()}, status=200)
    old = reviewer.refused(
        "POST", f"{here}/review", status=409, json={"action": "accept", **opened}
    )
    assert old["type"] == "/problems/moved"
    lower = {"level": "low", "reason": {"zh": "审核认为风险低"}, **read()}
    floor = reviewer.refused("POST", f"{here}/grade", status=422, json=lower)
    assert {each["item"] for each in floor["reasons"]} == {"reason", "level"}
    for action in ("accept", "file"):
        reviewer.post(f"{here}/review", {"action": action, **read()}, status=200)
    publishing = {"action": "publish", **read()}
    alone = reviewer.refused("POST", f"{here}/review", status=422, json=publishing)
    assert [each["item"] for each in alone["reasons"]] == ["second_person"]
    reviewed = job.people["publisher"].post(f"{here}/review", publishing, status=200)
    assert reviewed["status"] == "published"
    return str(reviewed["number"])


def the_public_reads(job: Job, number: str) -> None:
    """Anyone finds the entry, its evidence and its history, and verifies the report."""
    public = job.public
    hits = public.get("/catalogue", params={"q": "住房贷款"})
    assert [hit["number"] for hit in hits["items"]] == [number]
    here = f"/catalogue/{hits['items'][0]['slug']}"
    entry = public.send("GET", here)
    edition = entry.json()["edition"]
    assert edition["number"] == number
    assert edition["model"]["sha256"] == job.version["digest"]
    assert entry.json()["standing"]["status"]["id"] == "published"
    unchanged = public.send("GET", here, headers={"If-None-Match": entry.headers["etag"]})
    assert unchanged.status_code == 304
    raw = public.send("GET", f"{here}/edition").content
    assert attestation.sha256(raw) == entry.json()["digest"]
    assert json.loads(raw) == edition
    assert public.get(f"{here}/history")["editions"][0]["edition"] == 1
    assert public.get(f"{here}/explanation")["content"]
    public.refused("GET", f"{here}/reports/{job.explanation_id}", status=404)
    public.refused("GET", "/catalogue/no-such-number", status=404)
    public.refused("GET", f"/reports/{job.report_id}", status=401)

    envelope = public.send("GET", f"{here}/reports/{job.report_id}/envelope").content
    result = verify.verify(
        envelope,
        platform=_loaded(public.get("/keys/platform")),
        testers=_loaded(
            public.get("/keys", params={"organisation_id": job.places["tester"]})["items"]
        ),
    )
    assert result.holds, [check.as_json() for check in result.checks]

    # The page's twin is whole: the explanation with its signed envelope, which can be verified, too.
    place = public.http.base_url.copy_with(path=f"/f/{hits['items'][0]['slug']}.json")
    told = public.get(str(place))["explanation"]
    assert told["content"] == public.get(f"{here}/explanation")["content"]
    signed = verify.verify(
        told["envelope"].encode(), platform=_loaded(public.get("/keys/platform"))
    )
    assert signed.failed is None, [check.as_json() for check in signed.checks]


def _loaded(listed: list[dict[str, Any]]) -> dict[str, Any]:
    return {one["key_id"]: attestation.load_public(one["public_pem"]) for one in listed}


def _register(job: Job, by: Caller, use: str) -> dict[str, Any]:
    rows = io.BytesIO()
    pq.write_table(installation.people(), rows)
    said = {
        "name": "留出集",
        "use": use,
        "columns": installation.COLUMNS,
        "source": "合成数据",
        "deidentification": "合成数据，没有真人",
        "held_out": "随机三成",
    }
    file = {"file": ("people.parquet", rows.getvalue())}
    gaps = by.refused("POST", "/datasets", status=422, data={"metadata": "{}"}, files=file)
    assert {reason["item"] for reason in gaps["reasons"]} >= {"metadata.name", "metadata.use"}
    rubbish = {"file": ("people.csv", b"\x00\x01\x02")}
    by.refused("POST", "/datasets", status=422, data={"metadata": json.dumps(said)}, files=rubbish)
    made: dict[str, Any] = by.post("/datasets", data={"metadata": json.dumps(said)}, files=file)
    return made


def _archive(folder: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(folder, arcname="model")
    return packed.getvalue()


def _ended(found: dict[str, Any]) -> bool:
    return found["work"]["state"] in {"done", "failed", "cancelled"}

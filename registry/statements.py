"""What the platform signs: in-toto statements about one model version or one catalogue, in exact shape.

Sources: in-toto Statement v1; in-toto test-result predicate v0.1 (the shape of `test_result`).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from registry import attestation
from registry.attestation import BadLayer, Layer

STATEMENT = "https://in-toto.io/Statement/v1"
REPORT = "urn:mingsuan:evaluation-report:v1"
EXPLANATION = "urn:mingsuan:explanation:v1"
EXPLORATORY = "urn:mingsuan:exploratory-report:v1"
RECOMMENDED = "urn:mingsuan:recommended-catalogue:v1"
PREDICATES = frozenset({REPORT, EXPLANATION, EXPLORATORY, RECOMMENDED})
PLATFORMS_OWN = frozenset({REPORT, EXPLANATION, RECOMMENDED})
"""What the platform's key signs: never what was made without a registration."""
MAX_STATEMENT = 64 * 1024**2

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Object = dict[str, Any]


class Exact(BaseModel):
    """Exactly these keys, with values of exactly these types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Sha256(Exact):
    """A digest set with one algorithm."""

    sha256: Digest


class Subject(Exact):
    """What a statement is about: `model/<organisation>/<name>@<number>`.

    Outside a registry: the folder of the model, or the data that held the answers. A catalogue is
    `recommended/<organisation>/<address>@<revision>`, with the digest of its content.
    """

    name: str
    digest: Sha256


class Party(Exact):
    """An organisation by its names on the day of the statement."""

    id: str
    zh: str
    en: str


class Head(Exact):
    """Which report this is, by whom, on whose model, under which engagement.

    `registered` lists every evaluation that was registered on the version up to then, this one
    included, so that a reader sees what was run and never handed in.
    """

    id: str
    evaluation: str
    kind: Literal["own", "third_party"]
    evaluator: Party
    owner: Party
    engagement: Object | None
    registered: list[Object]


class Digested(Exact):
    """Something bound by digest, with its content where the reader may see it."""

    digest: Digest
    content: Object | None = None


class Data(Exact):
    """The evaluation data: digest, schema and what is declared of them, never rows.

    The last four came later; statements made before do not have them. `rows` is None where their
    number would give away how few people lack something.
    """

    digest: Digest
    name: str
    rows: int | None
    columns: list[Object]
    held_out: str
    source: str = ""
    deidentification: str = ""
    period: str = ""
    reidentification: Object | None = None


class Evidence(Exact):
    """Public evidence in full, sealed evidence by digest."""

    public: Digested
    sealed: Digested


class TestResult(Exact):
    """The in-toto test-result predicate, for readers that know only that."""

    result: Literal["PASSED", "WARNED", "FAILED"]
    configuration: list[Object]
    passed: list[str] = Field(alias="passedTests")
    warned: list[str] = Field(alias="warnedTests")
    failed: list[str] = Field(alias="failedTests")


class ReportPredicate(Exact):
    """What was measured, on what, how, and what was found."""

    report: Head
    task: Literal["decision", "pricing"]
    required_probes: list[str]
    plan: Digested
    data: Data
    nonce: str
    probes: list[Object]
    rows_read: Object | None = None
    data_doubts: list[Object] | None = None
    findings: list[Object]
    findings_digest: Digest
    evidence: Evidence
    provenance: Object
    test_result: TestResult
    statements: list[Object]


class ExploratoryHead(Exact):
    """A run that nobody registered beforehand: there is no evaluator and no owner on record."""

    id: str
    kind: Literal["exploratory"]
    zh: str
    en: str


class ExploratoryPredicate(Exact):
    """What a registered report states, of a run outside a registry; it says so in `report`."""

    format: str
    standing: Object
    report: ExploratoryHead
    task: Literal["decision", "pricing"]
    required_probes: list[str]
    plan: Digested
    data: Data
    model: Object | None
    nonce: str
    nonce_origin: Literal["local", "given"]
    probes: list[Object]
    rows_read: Object | None = None
    data_doubts: list[Object] | None = None
    findings: list[Object]
    findings_digest: Digest
    evidence: Evidence
    predictions: int | None
    provenance: Object
    test_result: TestResult
    statements: list[Object]


class ExplanationPredicate(Exact):
    """A public explanation and what it rests on."""

    explanation: Object
    plan: Digested
    data: Data
    nonce: str
    content: Object
    content_digest: Digest
    report: Digested | None
    provenance: Object
    statements: list[Object]


class RecommendedPredicate(Exact):
    """The catalogue of one industry body as it stood, with its order and what the order is made of."""

    content: Object
    content_digest: Digest
    statements: list[Object]


PREDICATE_SHAPES: dict[str, type[Exact]] = {
    REPORT: ReportPredicate,
    EXPLORATORY: ExploratoryPredicate,
    EXPLANATION: ExplanationPredicate,
    RECOMMENDED: RecommendedPredicate,
}
SUBJECTS: TypeAdapter[list[Subject]] = TypeAdapter(
    Annotated[list[Subject], Field(min_length=1, max_length=1)]
)


def make(predicate_type: str, *, subject: str, digest: str, predicate: Object) -> bytes:
    """The canonical bytes of a statement, checked against its shape.

    Args:
        predicate_type: one of `PREDICATES`.
        subject: `model/<organisation>/<name>@<number>`.
        digest: the version's manifest digest.
        predicate: what is stated.

    Raises:
        BadLayer: when the predicate has not the shape of its type.
    """
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": subject, "digest": {"sha256": digest}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return attestation.canonical(check(attestation.parse(attestation.canonical(statement))))


def read(payload: bytes) -> Object:
    """The statement in a payload.

    Raises:
        BadLayer: at the layer *payload* (not canonical JSON, too large) or *statement* (shape).
    """
    if len(payload) > MAX_STATEMENT:
        raise BadLayer(Layer.PAYLOAD, "声明过大。", "the statement is too large.")
    try:
        statement = attestation.parse(payload)
    except attestation.NotCanonical as error:
        raise BadLayer(Layer.PAYLOAD, error.said.zh, error.said.en) from error
    return check(statement)


def check(statement: Any) -> Object:
    """The statement, if it has exactly the shape of one of ours.

    Raises:
        BadLayer: at the layer *statement*, naming the first places that deviate.
    """
    keys = {"_type", "subject", "predicateType", "predicate"}
    if not isinstance(statement, dict) or set(statement) != keys:
        raise _malformed("in-toto Statement v1")
    if statement["_type"] != STATEMENT or str(statement["predicateType"]) not in PREDICATES:
        raise _malformed("predicateType")
    try:
        SUBJECTS.validate_python(statement["subject"])
        PREDICATE_SHAPES[statement["predicateType"]].model_validate(statement["predicate"])
    except ValidationError as error:
        places = [".".join(map(str, each["loc"])) for each in error.errors()[:5]]
        raise _malformed(", ".join(places)) from error
    checked: Object = statement
    return checked


def _malformed(place: str) -> BadLayer:
    return BadLayer(
        Layer.STATEMENT,
        f"这里不是明算声明应有的内容：{place}。请使用平台给出的原始文件。",
        f"not what a Mingsuan statement holds: {place}. Use the file the platform gave out.",
    )

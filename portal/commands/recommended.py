"""recommended: read the catalogue of recommended models, compute its order again, apply, decide."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from registry.errors import Invalid

if TYPE_CHECKING:
    from filing.recommended.recompute import Recomputed
    from portal.commands.client import Client

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
ANY = click.Path(exists=True, path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
SERVER = click.option("--server", default="", help="登记系统的网址 / address of the registry")
WEIGHTS = click.option(
    "--weights",
    multiple=True,
    help="自己的权重，例如 checks=40,openness=0，可以写几次 / your own weights; may be given several times",
)
REVISION = click.option(
    "--revision", type=int, required=True, help="您看过的修订 / the revision you read"
)


DIFFERS = 3
"""Exit code where the order differs; 1 is that of every error (`portal.cli.main`)."""


class NotACatalogue(Invalid):
    """The file is no signed catalogue, or nobody trusted signed it."""


@click.group(
    help="人工智能算法模型推荐目录：查看、重算、申请、决定。/ The recommended catalogue: read, recompute, apply, decide."
)
def recommended() -> None:
    """An industry body compiles it; an entry is neither an administrative licence nor a finding."""


@recommended.command("list", help="有哪些目录。/ Which catalogues there are.")
@SERVER
@JSON
def listed(*, server: str, as_json: bool) -> None:
    """Needs no account."""
    from portal.commands import showing

    with _anybody(server) as client:
        found = client.get("/recommended")["items"]
    if as_json:
        showing.as_json(found)
        return
    for each in found:
        click.echo(f"{each['slug']}: {each['entries']}")
        _statement(each["statement"])


@recommended.command("show", help="查看一份目录的顺序。/ Show a catalogue in its order.")
@click.argument("slug")
@WEIGHTS
@SERVER
@JSON
def show(slug: str, *, weights: tuple[str, ...], server: str, as_json: bool) -> None:
    """By the industry body's weights, or by yours."""
    from portal.api.recommending import WEIGHT
    from portal.commands import showing

    asked = {f"{WEIGHT}{name}": value for name, value in _weights(weights).items()}
    with _anybody(server) as client:
        told = client.get(f"/recommended/{slug}", **asked)
    if as_json:
        showing.as_json(told)
        return
    _statement(told["catalogue"]["statement"])
    if told["weights_set"]:
        click.echo(f"{told['weights_set']['zh']}\n{told['weights_set']['en']}")
    _print_order(told["order"], {each["number"]: _called(each) for each in told["entries"]})


@recommended.command(
    "download", help="下载签名的目录。/ Download the signed catalogue, to recompute it at home."
)
@click.argument("slug")
@click.option("--to", "place", type=click.Path(path_type=Path), help="文件 / file to write")
@SERVER
def download(slug: str, *, place: Path | None, server: str) -> None:
    """Nothing that is there is overwritten."""
    from portal.home.verify import AlreadyThere
    from registry import attestation

    file = place or Path(f"recommended-{slug}.dsse.json")
    if file.exists():
        raise AlreadyThere(
            f"{file} 已存在，不会覆盖。请换一个文件名。",
            f"{file} exists and is not overwritten. Choose another name.",
        )
    with _anybody(server) as client:
        told = client.get(f"/recommended/{slug}/statement")
    file.write_text(attestation.encode(told), encoding="utf-8")
    click.echo(str(file))


@recommended.command(
    "recompute",
    help="""从签名文件重算顺序，不用联网。/ Compute the order again from a signed file, offline.

\b
    退出码 / exit codes:
    0 一致，或没有比较 / it agrees, or was not compared
    1 没能核对：没有可信的公钥，或文件读不了 / not checked: no trusted key, or an unreadable file
    2 命令不对 / not understood
    3 顺序与文件写的不同 / the order differs from the file
    """,
)
@click.argument("file", type=FILE)
@WEIGHTS
@click.option(
    "--at",
    default="",
    help="以哪一刻为准（ISO 8601），不早于文件 / the moment at which entries lapse, the file's or later",
)
@click.option(
    "--key", "keys", multiple=True, type=ANY, help="可信的平台公钥 / a trusted platform key"
)
@JSON
def recompute(
    file: Path, *, weights: tuple[str, ...], at: str, keys: tuple[Path, ...], as_json: bool
) -> None:
    """What the file states is told apart from what could not be checked by the exit code."""
    from portal.commands import showing

    content, found = _recomputed(file, weights, at, keys)
    if as_json:
        left = {"lapsed": list(found.lapsed)}
        showing.as_json({"agrees": found.agrees, **left, **found.order.as_json()})
    else:
        _statement(content["catalogue"]["statement"])
        names = {each["number"]: _called(each) for each in content["entries"]}
        _print_order(found.order.as_json(), names)
        for number in found.lapsed:
            click.echo(f"已失效 lapsed: {number}")
        click.echo(
            {
                True: "重算的顺序与文件写的一致。/ The order computed again agrees with the file.",
                False: "重算的顺序与文件写的不同。/ The order computed again differs from the file.",
                None: "权重或时刻与文件的不同，没有比较。/ Other weights or moment than the file's; not compared.",
            }[found.agrees]
        )
    if found.agrees is False:
        raise SystemExit(DIFFERS)


def _recomputed(
    file: Path, weights: Sequence[str], at: str, keys: tuple[Path, ...]
) -> tuple[Mapping[str, Any], "Recomputed"]:
    from filing.recommended import recompute as again
    from portal.commands.papers import trusted
    from portal.home import verify as home
    from registry import attestation, statements
    from registry.attestation import Layer

    platform = home.load_keys(list(keys) or trusted())
    sealed = attestation.decode(file.read_bytes(), unsigned=True)
    statement = statements.read(attestation.payload(sealed))
    predicate = statement["predicate"]
    if statement["predicateType"] != statements.RECOMMENDED:
        raise NotACatalogue(
            "这不是推荐目录的文件。", "This is no file of a recommended catalogue."
        )
    if not attestation.verify(sealed, platform):
        raise NotACatalogue(
            "没有可信的平台签名，没有重算。请用 --key 给出平台公钥。",
            "No trusted platform key signed it, so nothing was computed. Give the key with --key.",
        )
    if attestation.digest(predicate["content"]) != predicate["content_digest"]:
        name = attestation.LAYER_NAMES[Layer.FINDINGS]
        raise NotACatalogue(f"{name.zh}对不上。", f"The {name.en} does not agree.")
    content = predicate["content"]
    return content, again.recompute(content, weights=_weights(weights), at=_moment(at))


def _moment(given: str) -> Any:
    from datetime import datetime

    from registry import legal_day

    if not given:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise NotACatalogue(
            f"“{given}”不是时刻，例如 2027-06-30T00:00+08:00。",
            f"“{given}” is no moment; write one such as 2027-06-30T00:00+08:00.",
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=legal_day.CHINA)


@recommended.command("open", help="行业组织开设目录。/ An industry body opens its catalogue.")
@click.argument("slug")
@click.option("--city", type=click.Choice(["shanghai", "shenzhen"]), required=True)
@click.option("--guidance", required=True, help="主管部门怎样指导 / how the authority guides it")
@click.option("--guidance-en", default="")
@JSON
def open_(slug: str, *, guidance: str, guidance_en: str, city: str, as_json: bool) -> None:
    """Your organisation keeps one; its weights are equal until two of you set others."""
    from portal.commands import showing

    body = {
        "slug": slug,
        "city": city,
        "guidance": {"zh": guidance, "en": guidance_en},
    }
    with _mine() as client:
        told = client.post("/recommended", body)
    if as_json:
        showing.as_json(told)
        return
    _statement(told["catalogue"]["statement"])


@recommended.command(
    "weights", help="本单位目录的权重，和等待决定的提议。/ Your weights, and what is proposed."
)
@JSON
def weights_(*, as_json: bool) -> None:
    """With the revision that the next step asks for."""
    with _mine() as client:
        _show_weights(client.get("/recommended-weights"), as_json=as_json)


@recommended.command(
    "weigh", help="提议权重，另一人同意后生效。/ Propose weights; in force once a second agrees."
)
@click.option("--weights", multiple=True, required=True, help="例如 checks=40 / such as checks=40")
@click.option("--reason", required=True, help="理由，以后公开 / why, public afterwards")
@click.option("--reason-en", default="")
@click.option("--ties", required=True, help="您与各备案主体的利害关系 / your ties to the filers")
@click.option("--ties-en", default="")
@REVISION
@JSON
def weigh(*, weights: tuple[str, ...], revision: int, as_json: bool, **said: str) -> None:
    """What they were stays on record."""
    body = {
        "revision": revision,
        "weights": _whole(weights),
        **{name: {"zh": said[name], "en": said[f"{name}_en"]} for name in ("reason", "ties")},
    }
    with _mine() as client:
        _show_weights(client.post("/recommended-weights", body), as_json=as_json)


@recommended.command(
    "decide-weights", help="同意或不同意提议的权重。/ Agree to proposed weights, or disagree."
)
@click.argument("action", type=click.Choice(["confirm", "return"]))
@click.option("--ties", default="", help="您与各备案主体的利害关系 / your ties to the filers")
@click.option("--ties-en", default="")
@REVISION
@JSON
def decide_weights(*, action: str, ties: str, ties_en: str, revision: int, as_json: bool) -> None:
    """Two people without ties decide."""
    body = {"action": action, "revision": revision, "ties": {"zh": ties, "en": ties_en}}
    with _mine() as client:
        told = client.post("/recommended-weights/decisions", body)
    _show_weights(told, as_json=as_json)


@recommended.command("apply", help="为已公示的备案申请列入。/ Apply for a published filing.")
@click.argument("filing")
@click.argument("slug")
@click.option("--licence", required=True, help="使用许可 / the licence")
@click.option("--licence-until", default="", help="许可的最后一天 / last day of the licence")
@click.option("--obtaining", required=True, help="怎样取得 / how to obtain the model")
@click.option("--contact", required=True, help="联系方式 / the contact")
@click.option("--ties", required=True, help="与行业组织的利害关系 / ties to the industry body")
@click.option("--licence-en", default="", help="英文 / in English")
@click.option("--obtaining-en", default="")
@click.option("--contact-en", default="")
@click.option("--ties-en", default="")
@REVISION
@JSON
def apply(
    filing: str, slug: str, *, licence_until: str, revision: int, as_json: bool, **said: str
) -> None:
    """FILING is the filing's identifier; the revision is the filing's."""
    from portal.commands import filer

    body = {
        "slug": slug,
        "licence_until": licence_until,
        **{
            name: {"zh": said[name], "en": said[f"{name}_en"]}
            for name in said
            if f"{name}_en" in said
        },
    }
    with _mine() as client:
        made = filer.written(
            client,
            "POST",
            filing,
            "recommended-applications",
            body,
            revision=revision,
            look="file",
        )
    _show(made, as_json=as_json)


@recommended.command("applications", help="本单位的申请。/ Your organisation's applications.")
@JSON
def applications(*, as_json: bool) -> None:
    """Those that it made, or those made to it; newest first."""
    from portal.commands import showing

    with _mine() as client:
        found = client.get("/recommended-applications")["items"]
    if as_json:
        showing.as_json(found)
        return
    for each in found:
        _show(each, as_json=False)


@recommended.command(
    "step",
    help="申请人：withdraw 撤回申请、reply 答复，请重新决定、leave 退出目录。/ "
    "The applicant: withdraw the application, reply and ask for another decision, leave the catalogue.",
)
@click.argument("application")
@click.argument("action", type=click.Choice(["withdraw", "reply", "leave"]))
@click.option("--words", default="", help="理由或答复 / reason or reply")
@click.option("--words-en", default="")
@REVISION
@JSON
def step(
    application: str, action: str, *, words: str, words_en: str, revision: int, as_json: bool
) -> None:
    """The filer's steps."""
    body = {"action": action, "revision": revision, "words": {"zh": words, "en": words_en}}
    with _mine() as client:
        made = client.post(f"/recommended-applications/{application}/steps", body)
    _show(made, as_json=as_json)


@recommended.command(
    "decide",
    help="行业组织：propose_entry 提议列入、propose_refusal 提议不列入、propose_removal 提议移出、"
    "confirm 同意提议，作出决定、return 不同意提议。/ "
    "The body: propose to enter it, to refuse it or to remove it, confirm (agree and decide), return "
    "(disagree).",
)
@click.argument("application")
@click.argument(
    "action",
    type=click.Choice(
        ["propose_entry", "propose_refusal", "propose_removal", "confirm", "return"]
    ),
)
@click.option("--words", default="", help="理由 / the reason")
@click.option("--words-en", default="")
@click.option("--ties", default="", help="您与备案主体的利害关系 / your ties to the filer")
@click.option("--ties-en", default="")
@click.option("--until", default="", help="列入的最后一天 / last day of the entry")
@REVISION
@JSON
def decide(
    application: str,
    action: str,
    *,
    words: str,
    words_en: str,
    ties: str,
    ties_en: str,
    until: str,
    revision: int,
    as_json: bool,
) -> None:
    """Two people without ties decide."""
    body = {
        "action": action,
        "revision": revision,
        "words": {"zh": words, "en": words_en},
        "ties": {"zh": ties, "en": ties_en},
        "until": until,
    }
    with _mine() as client:
        made = client.post(f"/recommended-applications/{application}/decisions", body)
    _show(made, as_json=as_json)


def _weights(given: Sequence[str]) -> dict[str, str]:
    """`checks=40,openness=0` by criterion, from as many options as there were."""
    found: dict[str, str] = {}
    for each in (part for option in given for part in option.split(",")):
        name, _, value = (part.strip() for part in each.partition("="))
        if name in found:
            raise click.BadParameter(f"“{name}” 写了两次。/ {name!r} is there twice.")
        if name:
            found[name] = value
    return found


def _whole(given: Sequence[str]) -> dict[str, int | str]:
    """The same for the API, which takes whole numbers; what is none is left for it to refuse."""
    return {
        name: int(value) if value.isdecimal() and len(value) < 4 else value
        for name, value in _weights(given).items()
    }


def _mine() -> "Client":
    from portal.commands.client import Client
    from registry.settings import settings

    return Client.of(settings())


def _anybody(server: str) -> "Client":
    from portal.commands.client import Client
    from registry.settings import settings

    return Client(server or settings().server or settings().public_url)


def _statement(told: Mapping[str, str]) -> None:
    click.echo(told["zh"])
    click.echo(told["en"])


def _print_order(order: Mapping[str, Any], names: Mapping[str, str]) -> None:
    from rich.markup import escape

    from portal.commands import showing

    table = showing.table("名次 place", "备案 filing", "算法 algorithm", "总分 score")
    for each in order["places"]:
        place = f"{each['rank']}{' 并列 tied' if each['tied'] else ''}" if each["score"] else "—"
        name = escape(names.get(each["number"], ""))
        table.add_row(place, each["number"], name, each["points"] or "—")
    showing.console().print(table)
    click.echo(f"计入 counted: {', '.join(order['counted']) or '—'}")
    for each in order["left_out"]:
        lacking = ", ".join(each["not_measured"])
        click.echo(f"未测，不计入 not measured, left out: {each['criterion']} ({lacking})")


def _show_weights(told: Mapping[str, Any], *, as_json: bool) -> None:
    from portal.commands import showing

    if as_json:
        showing.as_json(told)
        return
    click.echo(f"{told['slug']}  修订 revision {told['revision']}")
    proposed = (told["proposal"] or {}).get("weights", {})
    for name, weight in told["weights"].items():
        wanted = f" → {proposed[name]}（提议 proposed）" if name in proposed else ""
        click.echo(f"{name}: {weight}{wanted}")


def _called(entry: Mapping[str, Any]) -> str:
    """The name of an entry, with a mark where it is filed in another city than the catalogue's."""
    elsewhere = entry["elsewhere"]
    mark = f"（{elsewhere['zh']} {elsewhere['en']}）" if elsewhere else ""
    return f"{entry['name']['zh']}{mark}"


def _show(told: Mapping[str, Any], *, as_json: bool) -> None:
    from portal.commands import showing

    if as_json:
        showing.as_json(told)
        return
    click.echo(
        f"{told['id']}  {told['filing']['number']}  {told['status']['zh']} · "
        f"{told['status']['en']}  修订 revision {told['revision']}"
    )
    if told["said"]:
        click.echo(f"  理由 reason: {told['said']['zh']}")
    for each in told["remarks"]:
        click.echo(f"  {each['zh']}\n  {each['en']}")
    for each in told["steps"]:
        click.echo(f"  {each['action']}: {each['zh']} · {each['en']}")

"""Who may use a route: declared beside it, enforced from the declaration, walked by the tests.

Every route declares exactly one of these, and a test fails for a route that has none:

```python
from portal.web.access import allow, public, signed_in

router = APIRouter()


@router.get("/{language}/catalogue", dependencies=[public])
@router.get("/{language}/home", dependencies=[signed_in()])
@router.get(
    "/{language}/filings/{filing_id}",
    dependencies=[allow(Role.FILER, Role.REVIEWER, own={Role.FILER})],
)
@router.post("/{language}/versions", dependencies=[allow(Role.FILER, upload=True)])
def submit(by: By, session: Database, form: Form) -> Response: ...
```

`own` names the roles that see only records of their own organisation (or of an engagement of
theirs): the domain function enforces it with `by.own`, the matrix test holds both to the same
declaration. By default everyone but the reviewer is so bound. `scope` is what an API token needs;
a reading route asks for `read`, a changing route without a scope takes no tokens at all.

With `upload=True` the body may be as large as a submission, and it is read only after the sender
has proved who they are. FastAPI reads a body that is declared with `File` or `Form` *before* it
asks any dependency, so such a route takes `portal.web.uploads.Form` (or `Body`) instead.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from fastapi import Depends, Request, params

from portal.web import body_limit, identity, incoming, kept, lapsed, once
from portal.web.at_hand import SAFE_METHODS
from portal.web.body_limit import raise_limit
from portal.web.identity import Asking, Identity
from registry import tokens
from registry.errors import RegisterError
from registry.organisations import KIND_NAMES, ROLE_NAMES, Actor, Kind, Role, WrongRole
from registry.tokens import Scope


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route.

    Args:
        anyone: open to the public.
        roles: who may use it otherwise; empty means everyone who is signed in.
        own: the roles among them that are bound to records of their own organisation.
        scope: what an API token must have been issued for; None on a changing route means that
            only a browser may use it.
        upload: the body may be as large as a submission.
        kinds: the kinds of organisation whose members may; empty means every kind.
        attach: the body may hold attachments.
    """

    anyone: bool = False
    roles: frozenset[Role] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    own: frozenset[Role] = frozenset()
    scope: Scope | None = None
    upload: bool = False
    attach: bool = False

    def admits(self, actor: Actor | None, *, method: str) -> bool:
        """Whether `actor` may use the route at all, whosever the record is."""
        if self.anyone:
            return True
        if actor is None or (self.roles and not self.roles & actor.roles):
            return False
        if self.kinds and actor.kind not in self.kinds:
            return False
        return actor.scopes is None or self.scope_for(method) in actor.scopes

    def scope_for(self, method: str) -> Scope | None:
        """What a token needs: reading is enough to read."""
        return Scope.READ if method in SAFE_METHODS else self.scope


@dataclass(frozen=True, slots=True)
class Gate:
    """The dependency that holds a route to its declaration; the tests read `access` from it."""

    access: Access = field(default_factory=Access)

    async def __call__(self, request: Request, asking: Asking) -> None:
        """Let the request through or raise what stands against it, with its words at hand."""
        if asking is None and not self.access.anyone:
            await lapsed.keep(request)
            raise identity.not_signed_in()
        try:
            await self._let_in(request, asking)
        except RegisterError:
            await kept.keep(request)
            raise

    async def _let_in(self, request: Request, asking: Identity | None) -> None:
        self._check(request, asking)
        if self.access.upload:
            settings = request.app.state.settings
            raise_limit(request, max(settings.max_submission, settings.max_dataset))
        if (
            self.access.attach
        ):  # too much by a little is told on the form, with what was typed kept
            attached = request.app.state.settings.attachments_bytes
            raise_limit(request, body_limit.DEFAULT + 2 * attached)
        pieces = self.access.upload or self.access.attach
        await identity.check_origin(request, asking)
        form = await incoming.form_of(request)
        if form is not None:
            kept.remember(request, form)
        await incoming.check(request, form, upload=pieces)
        if not pieces:  # what comes in pieces is claimed by who reads it
            await once.claim_call(request)

    def _check(self, request: Request, asking: Identity | None) -> None:
        if self.access.anyone or asking is None:
            return
        if not self.access.admits(asking.actor, method=request.method):
            self._refuse(asking.actor, request.method)

    def _refuse(self, actor: Actor, method: str) -> None:
        scope = self.access.scope_for(method)
        if scope is None and actor.scopes is not None:
            raise tokens.ScopeRefused(
                "这一步只能在网页上登录后进行。", "This step is for a signed-in browser only."
            )
        if scope is not None:
            tokens.require_scope(actor, scope)
        wanted = [ROLE_NAMES[role] for role in Role if role in self.access.roles]
        places = [KIND_NAMES[kind] for kind in Kind if kind in self.access.kinds]
        place_zh = "或".join(name.zh for name in places) + "的" if places else ""
        place_en = " of " + " or ".join(name.en for name in places) if places else ""
        raise WrongRole(
            f"这一步要由{place_zh}{'或'.join(name.zh for name in wanted)}来做。请有这个角色的人办理。",
            f"Only a {' or '.join(name.en for name in wanted)}{place_en} may do this. "
            "Ask someone who holds the role.",
        )


def allow(
    *roles: Role,
    scope: Scope | None = None,
    own: Collection[Role] | None = None,
    upload: bool = False,
    kinds: Collection[Kind] = (),
) -> Any:
    """Declare that a route is for people in one of `roles`.

    Args:
        roles: who may use it.
        scope: what an API token needs for a changing request.
        own: the roles bound to their own organisation's records; by default all but the reviewer.
        upload: the body may be as large as a submission.
        kinds: the kinds of organisation whose members may; none means every kind.
    """
    bound = set(roles) - {Role.REVIEWER} if own is None else set(own)
    return Depends(
        Gate(
            Access(
                roles=frozenset(roles),
                own=frozenset(bound),
                scope=scope,
                upload=upload,
                kinds=frozenset(kinds),
            )
        )
    )


def signed_in(*, scope: Scope | None = None, own: Collection[Role] = ()) -> Any:
    """Declare that a route is for anyone who is signed in.

    Args:
        scope: what an API token needs for a changing request.
        own: the roles bound to their own organisation's records.
    """
    return Depends(Gate(Access(own=frozenset(own), scope=scope)))


public: Any = Depends(Gate(Access(anyone=True)))
"""Declares that a route is open to everyone."""
attaching: Any = Depends(Gate(Access(anyone=True, attach=True)))
"""Declares that a route is open to everyone, and that its form may hold attachments."""


def declared(dependencies: Collection[params.Depends]) -> list[Access]:
    """What a route's dependencies declare: exactly one on a route that is in order."""
    return [d.dependency.access for d in dependencies if isinstance(d.dependency, Gate)]

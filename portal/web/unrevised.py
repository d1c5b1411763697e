"""The writes that need no revision, and why: every other one says which revision it was made against.

A revision guards what several people change in turn. What is here changes nothing that another
may have written meanwhile, for the reason that stands beside it. A test walks every form of every
page and every operation of the API, so that a new write either carries a revision or is told here.
"""

from collections.abc import Mapping

from registry.language import Text

NEW = Text(
    "新建一条记录，已有的记录都不改。", "It makes a new record and changes none that is there."
)
ONE_WAY = Text(
    "只有一个去向的一步：已经做过的，再做什么都不改，或者被拒绝。",
    "A step that leads one way: taken again, it changes nothing or is refused.",
)
WHOLE = Text(
    "写明的是结果本身，不依据先前的内容；重复做结果相同。",
    "It names the outcome itself and builds on nothing before; repeated, it comes to the same.",
)
OWN = Text("只关系到本人的登录和密码。", "It touches one’s own sign-in and password alone.")
ONCE = Text("凭一次性链接，用过即失效。", "It takes a one-time link, which is spent with it.")
LOOK = Text("只计算，什么都不保存。", "It works something out and stores nothing.")

PAGES: Mapping[str, Text] = {
    "/{language}/sign-in": OWN,
    "/{language}/sign-out": OWN,
    "/{language}/act-for": OWN,
    "/{language}/account/password": OWN,
    "/{language}/invitation": ONCE,
    "/{language}/password": ONCE,
    "/{language}/organisation/invite": NEW,
    "/{language}/organisation/tokens": NEW,
    "/{language}/organisation/tokens/{token_id}/revoke": ONE_WAY,
    "/{language}/organisation/keys": NEW,
    "/{language}/organisations/{organisation_id}/verification": ONE_WAY,
    "/{language}/organisations/{organisation_id}/verification/end": ONE_WAY,
    "/{language}/organisation/keys/{key_id}/revoke": ONE_WAY,
    "/{language}/organisation/members/{person_id}/password-reset": WHOLE,
    "/{language}/organisation/members/{person_id}/roles": WHOLE,
    "/{language}/organisation/members/{person_id}/roles/{role}/withdraw": WHOLE,
    "/{language}/organisation/members/{person_id}/remove": WHOLE,
    "/{language}/organisation/invitations/{invitation_id}/withdraw": ONE_WAY,
    "/{language}/platform-keys": NEW,
    "/{language}/submit": NEW,
    "/{language}/datasets/new": NEW,
    "/{language}/datasets/{dataset_id}/check": NEW,
    "/{language}/versions/{version_id}/engagements": NEW,
    "/{language}/engagements/{engagement_id}/take-on": ONE_WAY,
    "/{language}/engagements/{engagement_id}/end": ONE_WAY,
    "/{language}/evaluations/new": NEW,
    "/{language}/evaluations/{evaluation_id}/cancel": ONE_WAY,
    "/{language}/worklist/{work_id}/resume": ONE_WAY,
    "/{language}/reports/{report_id}/countersign": ONE_WAY,
    "/{language}/reports/{report_id}/withdraw": ONE_WAY,
    "/{language}/reports/{report_id}/findings/{finding}/answer": NEW,
    "/{language}/versions/{version_id}/explain": NEW,
    "/{language}/versions/{version_id}/explain/look": LOOK,
    "/{language}/plain-words": LOOK,
    "/{language}/f/{number}/withheld": LOOK,
    "/{language}/explanations/{explanation_id}/approve": ONE_WAY,
    "/{language}/versions/{version_id}/filing": NEW,
    "/{language}/filings/{filing_id}/previews": NEW,
    "/{language}/filings/{filing_id}/previews/{link_id}/revoke": ONE_WAY,
    "/{language}/preview": ONCE,
    "/{language}/recommending/open": NEW,
    "/{language}/f/{number}/concern": NEW,
    "/{language}/follow": NEW,
}
"""Forms of pages, by the path template that takes them."""

API: Mapping[str, Text] = {
    "POST /api/v1/organisations": NEW,
    "POST /api/v1/organisations/{organisation_id}/verification/end": ONE_WAY,
    "PUT /api/v1/members/{person_id}/roles/{role}": WHOLE,
    "DELETE /api/v1/members/{person_id}/roles/{role}": WHOLE,
    "DELETE /api/v1/members/{person_id}": WHOLE,
    "POST /api/v1/invitations": NEW,
    "DELETE /api/v1/invitations/{invitation_id}": ONE_WAY,
    "POST /api/v1/invitations/accept": ONCE,
    "POST /api/v1/reports/{report_id}/withdrawal": ONE_WAY,
    "POST /api/v1/reports/{report_id}/findings/{finding}/answers": NEW,
    "POST /api/v1/tokens": NEW,
    "POST /api/v1/tokens/by-password": OWN,
    "DELETE /api/v1/tokens/{token_id}": ONE_WAY,
    "POST /api/v1/keys": NEW,
    "POST /api/v1/keys/platform": NEW,
    "DELETE /api/v1/keys/{key_id}": ONE_WAY,
    "POST /api/v1/password": OWN,
    "POST /api/v1/members/{person_id}/password-reset": WHOLE,
    "POST /api/v1/password/reset": ONCE,
    "POST /api/v1/models/{name}/versions": NEW,
    "POST /api/v1/datasets": NEW,
    "POST /api/v1/datasets/{dataset_id}/reidentification-preview": LOOK,
    "POST /api/v1/catalogue/{slug}/withheld": LOOK,
    "POST /api/v1/datasets/{dataset_id}/reidentification-checks": NEW,
    "POST /api/v1/versions/{version_id}/engagements": NEW,
    "POST /api/v1/engagements/{engagement_id}/take-on": ONE_WAY,
    "POST /api/v1/engagements/{engagement_id}/end": ONE_WAY,
    "POST /api/v1/versions/{version_id}/evaluations": NEW,
    "POST /api/v1/evaluations/{evaluation_id}/cancel": ONE_WAY,
    "POST /api/v1/worklist/{work_id}/cancel": ONE_WAY,
    "POST /api/v1/worklist/{work_id}/resume": ONE_WAY,
    "POST /api/v1/reports/{report_id}/countersignature": ONE_WAY,
    "POST /api/v1/versions/{version_id}/explanations": NEW,
    "POST /api/v1/explanations/{explanation_id}/approve": ONE_WAY,
    "POST /api/v1/versions/{version_id}/filings": NEW,
    "POST /api/v1/filings/{filing_id}/files": WHOLE,
    "POST /api/v1/filings/{filing_id}/previews": NEW,
    "DELETE /api/v1/filings/{filing_id}/previews/{link_id}": ONE_WAY,
    "POST /api/v1/recommended": NEW,
    "POST /api/v1/catalogue/{slug}/concerns": NEW,
    "POST /api/v1/catalogue/{slug}/concerns/with-attachments": NEW,
    "POST /api/v1/cases/{number}/follow": LOOK,
    "POST /api/v1/cases/{number}/additions": NEW,
    "POST /api/v1/cases/{number}/additions/with-attachments": NEW,
}
"""Operations of the API, by method and path template."""

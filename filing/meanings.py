"""What the product knows fields by: the one table between its code and the schema's letter codes.

A row of the schema says `means = "name"`; the code asks for `Meaning.NAME` and never for `B1`. Every
meaning stands in exactly one field, or part of one, of every version of the schema; one that later
versions no longer ask (`ENDED`) stands in none of those, nor one that came later (`BEGUN`).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Meaning(StrEnum):
    """Something that the product itself reads in a filing; what it only keeps and shows has none."""

    FILER = "filer"  # the filer's full name
    CITY = "city"  # the city of filing, whose rules are cited
    DISTRICT = "district"  # where the filer sits
    ROLE = "role"  # what the filer does with the algorithm
    NAME = "name"  # what the algorithm is called
    SUMMARY = "summary"  # what it does, in one sentence
    VERSION = "version"  # version and digest of what is filed (computed)
    KINDS = "kinds"  # kinds of algorithm
    SECTORS = "sectors"  # where it is used
    PUBLIC_INTEREST = "public_interest"  # whether public decisions or interests are touched
    SERVICE = "service"  # the state of the service
    SERVICE_START = "service_start"  # the day on which service starts
    SERVICE_END = "service_end"  # the day on which service ends
    SERVICE_VERSIONS = "service_versions"  # which version served from when to when (from form 3)
    EFFECT = "effect"  # how it affects a person
    PILOT_CONDITIONS = "pilot_conditions"  # which conditions of a pilot are declared
    PERSONAL_INFORMATION = "personal_information"  # of one data set: which kinds
    FACTORS = "factors"  # the main factors, in the order of their influence
    LEFT_OUT = "left_out"  # what is left out on purpose, with stand-ins for it
    RULES = "rules"  # rules and thresholds, which may be withheld
    PRICE_GROUNDS = "price_grounds"  # by what prices differ, and for which declared reason
    QUESTIONNAIRE = "questionnaire"  # the answers that the grade follows from
    GRADE = "grade"  # the risk grade and its reasons (computed)
    DOES = "does"  # what it does, in the filer's words to the public
    WHY = "why"  # why it is used
    USES = "uses"  # what about a person it uses
    REACHES = "reaches"  # how it reaches a result
    MOVES = "moves"  # what changes the result
    WHO_CHECKS = "who_checks"  # who checks
    ERRS = "errs"  # how it can be wrong
    OBJECTION = "objection"  # how a person objects
    OBJECTION_DAYS = (
        "objection_days"  # within how many days, as the explanation promised (to form 1)
    )
    CHOICES = "choices"  # how a person may have it otherwise
    WHO_USES = "who_uses"  # who uses it (computed)
    WHAT_WAS_CHECKED = "what_was_checked"  # what was evaluated (computed)
    APPEAL_DAYS = "appeal_days"  # within how many days an objection is answered

    IN_AND_OUT = "in_and_out"  # what goes in and comes out (from form 3)
    TRAINED_WHEN = "trained_when"  # where and when it was trained (from form 3)
    SETTINGS = "settings"  # key settings and seeds, which may be withheld (from form 3)
    TRAINING_RECORD = "training_record"  # the digest of the record of training (from form 3)
    STARTING_MODEL = "starting_model"  # the model it was tuned from (from form 3)
    DATA_NAME = "data_name"  # of one data set: name and version
    DATA_SIZE = "data_size"  # of one data set: size and period (from form 3)
    OTHER_FILINGS = "other_filings"  # numbers that other authorities gave (from form 3)
    FORBIDDEN_ACTS = (
        "forbidden_acts"  # the acts that are forbidden, and what tested each (from form 3)
    )
    WARNING = "warning"  # what triggers a warning, and who can stop it (from form 3)
    WITHHELD = "withheld"  # what is withheld, why, until when (computed, from form 3)
    PICTURE = "picture"  # a picture for the public, with words in its place (from form 3)
    ENGLISH = "english"  # who made the English (from form 3)
    READABILITY = "readability"  # readability and reader test (computed, from form 3)


BEGUN: Mapping[Meaning, str] = MappingProxyType(
    {
        Meaning.SERVICE_VERSIONS: "3",
        Meaning.IN_AND_OUT: "3",
        Meaning.TRAINED_WHEN: "3",
        Meaning.SETTINGS: "3",
        Meaning.TRAINING_RECORD: "3",
        Meaning.STARTING_MODEL: "3",
        Meaning.DATA_SIZE: "3",
        Meaning.OTHER_FILINGS: "3",
        Meaning.FORBIDDEN_ACTS: "3",
        Meaning.WARNING: "3",
        Meaning.WITHHELD: "3",
        Meaning.PICTURE: "3",
        Meaning.ENGLISH: "3",
        Meaning.READABILITY: "3",
    }
)
"""What earlier versions of the schema do not ask, and the first version that does."""
ENDED: Mapping[Meaning, str] = MappingProxyType({Meaning.OBJECTION_DAYS: "1"})
"""What is no longer asked, and the last version of the schema that asks it."""


class Topic(StrEnum):
    """What the product knows a whole group of fields as."""

    DATA_SETS = "data_sets"
    DESIGN = "design"
    TRAINING = "training"
    EVALUATION = "evaluation"  # what the attached reports say, one set for each
    EXPLANATION = "explanation"  # the filer's own words to the public


DERIVED: Mapping[Meaning, tuple[Meaning, ...]] = MappingProxyType(
    {Meaning.GRADE: (Meaning.QUESTIONNAIRE, Meaning.SECTORS, Meaning.CITY)}
)
"""What the platform works out and a condition may ask, and the answers that it is worked out from."""

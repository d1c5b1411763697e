"""Passwords that everybody tries first: told by a rule and a short list, not by a download.

The words head every published list of leaked passwords (for one, the UK National Cyber Security
Centre's PwnedPasswordsTop100k of 2019). A word is common however it is spelt with digits and signs,
repeated, or followed by a number: `password1234`, `P@ssw0rd!!!!`, `qwertyqwerty`.
"""

from string import digits, punctuation

WORDS = frozenset({
    "password", "passw", "passwd", "pass", "qwerty", "qwertyuiop", "qwertyui", "asdfgh",
    "asdfghjkl", "zxcvbn", "zxcvbnm", "qazwsx", "qazwsxedc", "iloveyou", "woaini", "letmein",
    "welcome", "admin", "administrator", "root", "superuser", "changeme", "secret", "default",
    "login", "user", "guest", "test", "testing", "demo", "abc", "abcd", "abcde", "abcdef",
    "abcdefg", "abcdefgh", "abcdefghijkl", "abcdefghijklmnopqrstuvwxyz", "monkey", "dragon",
    "master", "football", "baseball", "sunshine", "princess", "shadow", "superman", "batman",
    "michael", "computer", "internet", "mingsuan", "beian", "suanfa", "zhongguo", "china",
    "beijing", "shanghai", "shenzhen", "aini", "mima", "woaizhongguo", "company",
    "enterprise", "tester", "reviewer", "filer", "authority",
})  # fmt: skip
LEET = str.maketrans("@4031!|$57+89", "aaoeiiissttbg")
RUNS = ("01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz")


def is_common(password: str, *, email: str) -> bool:
    """Whether a password is among those that are guessed first.

    Args:
        password: as chosen.
        email: the account's address, whose parts are guessed too.
    """
    plain = password.strip().lower()
    if plain.isdigit() or any(plain in run * 3 for run in RUNS):
        return True
    words = WORDS | {part for part in email.lower().replace("@", ".").split(".") if len(part) > 2}
    bare = plain.strip(digits + punctuation)
    spellings = (plain, plain.translate(LEET), bare.translate(LEET))
    return any(_made_of(_letters(spelt), words) for spelt in spellings)


def _letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalpha())


def _made_of(letters: str, words: frozenset[str] | set[str]) -> bool:
    """Whether one word, or one repeated, is all there is."""
    return any(
        letters and letters == word * (len(letters) // len(word))
        for word in words
        if len(letters) % len(word) == 0
    )

"""Recognising Vietnamese typed in a pre-Unicode font: VNI and TCVN3 (ABC).

Such text reads "Nguyeãn" or "NguyÔn". It is only recognised, never converted: a guess that is
wrong once in a thousand names is worse than a warning.
"""

import re

# VNI puts a Latin-1 letter after the vowel it accents. These pairs are neither Vietnamese nor in
# the European names seen in Vietnam, though each letter is Vietnamese (Nguyeãn, Vaên, Leâ).
_VNI_PAIRS = (
    *("aù", "aõ", "aâ", "aê", "aá", "aà", "aã"),
    *("eù", "eõ", "eâ", "eà", "eã", "oâ", "uù", "uõ", "ôù", "ôõ"),
)

# Signs of all the rest; most names have none, and are done with.
_SIGNS = re.compile("[øûïåäëüöñæîØÛÏÅÄËÜÖÑÆÎµ¶·¸¹¨»¼½¾©ª«¬®§÷×ÇÈÉÊËÌÐÒÓÔÕÝÞ]")

_VNI = re.compile("[aeou]ø|[ae]û|ô[øûï]|ö[ùøûõïô]|yø|aï(?:nh|ch|[mntpc]\\b)")
# Pairs and initials that a French, Spanish or Nordic name may have too (Saïgon, Août, Noël,
# Ñuñoa): two are needed.
_VNI_WEAK = re.compile("a[éèúüëïåä]|e[áïåä]|o[ùûïåä]|u[ûï]|y[ùûõ]|\\bñ(?=[a-zà-ü])")

# TCVN3 puts each lower-case letter on a Latin-1 sign or capital, so that words carry signs
# (C«ng, Hµ, V¨n, §øc) or capitals inside (NguyÔn).
_TCVN3 = re.compile(
    "[A-Za-z][µ¶¸¹¨»¼½¾©ª«¬÷×][a-z]"
    "|[A-Za-z]µ(?![^\\W\\d_])"
    "|(?<!\\w)[®§][a-zµ¶·¸¹¨»¼½¾©ª«¬÷×Æ-Þß-þ]"
    "|[a-z][ÆÇÈÉÊËÌÎÏÐÑÒÓÔÕÖØÜÝÞ][a-z]"
)


def looks_legacy(text: str) -> bool:
    """Whether the text seems to be VNI or TCVN3. Linear; never true for proper Vietnamese."""
    if text.isascii():
        return False
    lower = text.lower()
    if any(pair in lower for pair in _VNI_PAIRS):
        return True
    if _SIGNS.search(text) is None:
        return False
    if _VNI.search(lower) or _TCVN3.search(text):
        return True
    weak = _VNI_WEAK.finditer(lower)
    return next(weak, None) is not None and next(weak, None) is not None

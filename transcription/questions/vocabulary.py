"""Word lists for question detection: closed classes of English grammar, and classroom phrases."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> frozenset[str]:
    return frozenset(" ".join(phrase.split()) for phrase in text.split("|"))


WH = _words("what what's why how how's who who's whose where where's which whom whatcha")
WH_WHEN = _words("when's when")
AUX = _words(
    """
    do does did is are was were can could will would should shall may might have has had am must don't doesn't
    didn't isn't aren't wasn't weren't can't couldn't won't wouldn't shouldn't haven't hasn't hadn't
    """
)
SUBJECT = _words(
    """
    i you he she it we they there this that these those anybody anyone everybody everyone somebody someone
    nobody y'all the a an your my our his her their its any all both either one some each people students boys
    girls ya
    """
)
PRONOUN = _words("i you he she it we they there this that these those anybody anyone everybody everyone")
LEADING = _words(
    """
    so okay ok and but now well alright um uh uhm umm er oh ah yeah yes no nope then because cause good great
    hmm hm mm right nice perfect excellent hey like or also alright, just first next wait mhm actually plus
    """
)
NUMBERS = _words(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    twenty thirty forty fifty sixty seventy eighty ninety hundred thousand half
    """
)
ALONE = _phrases(
    """
    ready | questions | any questions | understand | understood | agree | agreed | really | pardon
    | huh | what | why | how | who | where | when | which | which one | what else | anything else |
    anyone else | anybody else | anyone | anybody | how come | why not | got it | make sense | makes sense |
    you know what | you know why | you know | you see | see it | finished | done | all done |
    like what | such as | meaning |
    how so | so what | then what | now what | or what | agree or disagree | yes or no | true or
    false | thumbs up | you ready | clear | is that clear | good so far | are we good | we good | all good |
    questions so far | somebody else | someone else | who else | where else | how else | is it | are you | do
    you | did you | does it | can you | what about | how about | equals | and you | or
    """
)
WH_CONTRACTED = _words("where'd how'd why'd what'd what're how're who'd what'll why where's how's whose what's who's")
WH_GOES_ON = _words("many if much happens kind come else about happened")
PREPOSITION = _words("to by with from in for on of at about")
WH_AFTER_PREPOSITION = _words("whose which what how")
WHICH_GOES_ON = _words("is was are were means makes would will goes gives has he she it they we i you really")
PRAISE = _words(
    """
    good great excellent nice thanks perfect awesome exactly wonderful beautiful cool super fantastic brilliant
    correct lovely oh ah no yes yeah yep hello hi bye please stop quiet inaudible mm-hmm mhm sure absolutely
    hm hmm hum um uh mm welcome ooh wow ssh shh ahh
    """
)

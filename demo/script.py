"""Script of the demo lesson: speaker, pause and words of each utterance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """Words of a voice, `pause_ms` after the line before has ended (negative: over its end)."""

    voice: str
    pause_ms: int
    text: str


TEACHER, MAYA, SAM, LEO, ANA = "teacher", "Maya", "Sam", "Leo", "Ana"

LESSON: tuple[Line, ...] = (
    Line(TEACHER, 1500, "Good morning everybody. Please sit down and open your books."),
    Line(TEACHER, 900, "Are you ready?"),
    Line(TEACHER, 700, "Good. Today we are going to think about fractions, and how we can tell which one is bigger."),
    Line(TEACHER, 600, "Look at the board. I have drawn two bars of the same length. The first one is cut into four "
         "equal parts, and the second one is cut into six equal parts."),
    Line(TEACHER, 500, "What do we call the number at the bottom of a fraction?"),
    Line(MAYA, 1100, "It is called the denominator."),
    Line(TEACHER, 500, "Yes, the denominator. It tells us into how many equal parts the whole is cut."),
    Line(TEACHER, 600, "Which is bigger, one quarter or one sixth?"),
    Line(SAM, 3600, "I think one quarter is bigger."),
    Line(TEACHER, 1800, "Why do you think that one quarter is bigger?"),
    Line(SAM, 4200, "Because if you cut the bar into four parts, every part is longer than when you cut it into six."),
    Line(TEACHER, 2400, "That is a clear explanation. Can anybody say it in another way?"),
    Line(LEO, 3300, "The more people share the cake, the smaller every piece gets."),
    Line(TEACHER, 1500, "I like that picture. Now, what about two quarters and three sixths?"),
    Line(TEACHER, 900, "They are the same, of course, because both of them are one half."),
    Line(TEACHER, 800, "We say that the two fractions are equivalent. Write that word into your book, please."),
    Line(TEACHER, 3800, "Now I would like you to find out something together. Which other fractions are the same as "
         "one half? Talk with your partner for a moment."),
    Line(MAYA, 900, "Two quarters, and five tenths, because five is the half of ten."),
    Line(ANA, -2600, "We could draw it, look, I will cut this bar into eight parts."),
    Line(LEO, -2500, "Four eighths is a half as well, you just take half of the bottom."),
    Line(SAM, -2800, "So is it always the same, when the top is half of the bottom?"),
    Line(MAYA, -2200, "Yes, so fifty hundredths must be one half too, and six twelfths."),
    Line(ANA, -2700, "And seven fourteenths, you can go on and on with that."),
    Line(LEO, -2400, "What about three fifths, can that ever be one half?"),
    Line(TEACHER, 2600, "Thank you. Stop there, please, and look at me."),
    Line(TEACHER, 900, "What did you find out?"),
    Line(ANA, 2900, "We found four eighths, and seven fourteenths."),
    Line(TEACHER, 1700, "How do you know that four eighths is the same as one half?"),
    Line(ANA, 3500, "Four is half of eight, so you have half of all the parts."),
    Line(TEACHER, 2100, "So what is the rule for all of them?"),
    Line(MAYA, 3900, "The top number has to be half of the bottom number."),
    Line(TEACHER, 1600, "Well done. That is exactly the rule. At the end, please write one fraction that is the same "
         "as one third, and show how you know it."),
    Line(TEACHER, 700, "Thank you for your good ideas. You may pack your things."),
)  # fmt: skip

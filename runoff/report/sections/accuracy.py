"""How often each contender is right on labelled pictures, against golden on the same ones, and where it is not."""

from __future__ import annotations

from html import escape

from runoff.charts.drawing import Figure
from runoff.judge.accuracy import AS_GOOD, UNDECIDED, WORSE, Share
from runoff.judge.ratios import CONFIDENCE, FASTER, SLOWER
from runoff.report.blocks import PAGE, Section
from runoff.stored.accuracy import Accuracy, Discordant, StoredAccuracy
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import FIGURE, NAME, VERDICT, Column, Table, make_table, plain_notes

GOLDEN = "golden"
LOOKS = {AS_GOOD: FASTER, WORSE: SLOWER, UNDECIDED: ""}
"""What a verdict is to the eye, as those of times are."""
ACROSS, CELL, PICTURE, LINE, ROOM = 6, 150, 96, 14, 8
"""Thumbnails in a row, and pixels: a cell's width, the longest side of a thumbnail, a line of text, room between."""
LETTERS = 22
"""How many letters of a name a cell has room for."""


def accuracy_section(run: StoredRun) -> Section | None:
    """Show accuracies, drops and what the rule says of them, None where no labelled pictures were given."""
    known = run.info.accuracy
    if known is None or not run.accuracy:
        return None
    ordered = sorted(run.accuracy, key=lambda found: (found.drop.high, found.contender))
    failed = [f"{name} gave no answers: {reason}" for name, reason in known.failures.items()]
    return Section(
        "accuracy",
        "Accuracy on labelled pictures",
        accuracy_table(known, ordered),
        plain_notes([set_line(known), rule_line(known, ordered), *undecided_lines(ordered), *failed]),
        charts=(discordant_figure,),
    )


def accuracy_table(known: StoredAccuracy, ordered: list[Accuracy]) -> Table:
    """Write golden's line and one for each contender, the one that may drop least first."""
    level = f"[{CONFIDENCE * 100:.3g} %]"
    headings = (
        "contender",
        f"Top-1 %\n{level}",
        f"Top-5 %\n{level}",
        "lost",
        "gained",
        f"drop, points\n{level}",
        "p, McNemar\n(Holm)",
    )
    nothing = (numbers.NOTHING,) * 4
    rows = [(GOLDEN, share_text(known.top1), share_text(known.top5), *nothing, "reference")]
    for found in ordered:
        drop = found.drop
        points = f"{numbers.points(drop.paired.drop)} [{numbers.points(drop.low)}, {numbers.points(drop.high)}]"
        counts = str(drop.paired.lost), str(drop.paired.gained)
        shares = share_text(found.top1), share_text(found.top5)
        rows.append((found.contender, *shares, *counts, points, p_text(drop.together), drop.verdict))
    first, *figures = headings
    return Table(
        caption=f"Right answers on {known.pictures.count:,} labelled pictures, and what is lost against golden",
        columns=(Column(first, NAME), *(Column(heading, FIGURE) for heading in figures), Column(VERDICT, VERDICT)),
        rows=tuple(rows),
        classes=("", *(LOOKS[found.drop.verdict] for found in ordered)),
        droppable=(headings[2], headings[6], headings[3], headings[4]),
    )


def share_text(share: Share) -> str:
    """Write an accuracy with its interval in per cent."""
    return f"{share.value * 100:.2f} [{share.low * 100:.2f}, {share.high * 100:.2f}]"


def p_text(p_value: float) -> str:
    """Write a p-value."""
    return "<0.001" if p_value < 0.001 else f"{p_value:.3f}"


def set_line(known: StoredAccuracy) -> str:
    """Say which pictures these are."""
    pictures = known.pictures
    line = (
        f"{pictures.count:,} pictures of {pictures.shown:,} of the model's {pictures.classes:,} classes, "
        f"SHA-256 {pictures.sha256[:16]}…"
    )
    left = [
        (pictures.unreadable, "that can't be read"),
        (pictures.unknown, "of classes that the model has not"),
        (pictures.repeated, "with the pixels of another"),
    ]
    out = [f"{count:,} {what}" for count, what in left if count]
    if out:
        line += f"; left out: {numbers.listing(out)}"
    if pictures.calibrated:
        line += f"; calibrated on {pictures.calibrated:,} others ({pictures.calibration})"
    return f"{line}."


def rule_line(known: StoredAccuracy, ordered: list[Accuracy]) -> str:
    """Say what the verdicts mean."""
    allowed = numbers.points(ordered[0].drop.allowed)
    return (
        f"The rule was fixed beforehand (--max-drop {known.rule}): as good where the whole interval of the drop lies "
        f"below {allowed} points, worse where it lies above, else undecided."
    )


def undecided_lines(ordered: list[Accuracy]) -> list[str]:
    """Say how many pictures would decide what is undecided."""
    lines = []
    for found in ordered:
        if found.drop.verdict == UNDECIDED:
            needed = found.drop.needed
            what = f"about {needed:,} pictures would decide" if needed else "its drop is close to what is allowed"
            lines.append(f"{found.contender} is undecided: {what}.")
    return lines


def class_section(run: StoredRun) -> Section | None:
    """Show the classes that lost most, None where none did."""
    rows = [
        {
            "contender": found.contender,
            "class": entry.name,
            "pictures": str(entry.loss.pictures),
            "golden\nright": str(entry.loss.golden_right),
            "right": str(entry.loss.right),
            "drop, points": f"[{numbers.points(entry.loss.low)}, {numbers.points(entry.loss.high)}]",
            "shown": "yes" if entry.loss.shown else numbers.NOTHING,
        }
        for found in sorted(run.accuracy, key=lambda found: found.contender)
        for entry in found.losses
    ]
    if not rows:
        return None
    table = make_table("Classes that lost most against golden, by contender", rows, ("class",))
    note = (
        "Shown: the whole interval is above zero, at a level that all classes share (Bonferroni); others may be chance."
    )
    return Section("accuracy-classes", "Classes that lost", table, plain_notes([note]), shown_in=(PAGE,))


def discordant_figure(run: StoredRun) -> Figure | None:
    """Draw the pictures that only golden or only a contender names right, the surest wrong answer first."""
    shown = [(found.contender, picture) for found in run.accuracy for picture in found.discordant]
    if not shown:
        return None
    shown.sort(key=lambda pair: -pair[1].confidence)
    height = PICTURE + 4 * LINE + 2 * ROOM
    cells = [
        cell(ROOM + place % ACROSS * CELL, ROOM + place // ACROSS * height, contender, picture)
        for place, (contender, picture) in enumerate(shown)
    ]
    width, rows = ACROSS * CELL + ROOM, -(-len(shown) // ACROSS)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {rows * height}" width="{width}" '
        f'height="{rows * height}" font-size="11" font-family="sans-serif" fill="currentColor">{"".join(cells)}</svg>'
    )
    words = "; ".join(
        f"{picture.picture}: {picture.label}, golden says {picture.golden}, {contender} says {picture.answer}"
        for contender, picture in shown
    )
    return Figure(
        "Pictures that only one names right",
        svg,
        "Beneath each picture its label, what golden names, what the contender names, and how sure the wrong one was. "
        "The surest wrong answers come first, at most 24 of a run.",
        f"Discordant pictures: {words}.",
        wide=True,
    )


def cell(left: int, top: int, contender: str, picture: Discordant) -> str:
    """Draw one picture with what was named."""
    image = ""
    if picture.thumbnail.isascii() and picture.thumbnail.replace("+", "").replace("/", "").rstrip("=").isalnum():
        image = (
            f'<image x="{left}" y="{top}" width="{PICTURE}" height="{PICTURE}" preserveAspectRatio="xMidYMid" '
            f'href="data:image/jpeg;base64,{picture.thumbnail}"/>'
        )
    lines = (
        f"is {picture.label}",
        f"golden: {picture.golden}",
        f"{contender}: {picture.answer}",
        f"{'contender' if picture.lost else 'golden'} {picture.confidence * 100:.0f} % sure",
    )
    text = "".join(
        f'<text x="{left}" y="{top + PICTURE + (line + 1) * LINE}">{escape(short(words))}</text>'
        for line, words in enumerate(lines)
    )
    return f"<g><title>{escape(picture.picture)}</title>{image}{text}</g>"


def short(words: str) -> str:
    """Cut what has no room in a cell."""
    return words if len(words) <= LETTERS else f"{words[: LETTERS - 1]}…"

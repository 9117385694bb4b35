"""What each finding of `kl drift` means: code, meaning, and advice."""

from __future__ import annotations

from typing import Final

ROWS: Final = (
    (
        "new-columns",
        "A batch has columns that the reference lacks.",
        "Compare with a newer reference once they are meant to be there.",
    ),
    (
        "lost-columns",
        "A batch lacks columns of the reference.",
        "Ask who writes the batch; --fail-on schema makes it an alarm.",
    ),
    (
        "retyped",
        "A column of a batch holds another kind of value than in the reference.",
        "Ask who writes the batch, or say what it is: --categorical NAME, --numeric NAME.",
    ),
    (
        "delivered-again",
        "All rows of a batch stand in an earlier one, whatever number or label the delivery has.",
        "Look whether the newest data ever arrived; --fail-on changes makes it an alarm.",
    ),
    (
        "repeated-rows",
        "More rows of a batch occur twice than chance makes of independent rows, unlike before.",
        "Look for a part that was loaded twice; --fail-on changes makes it an alarm.",
    ),
    (
        "unreadable",
        "A batch could not be read or compared; the others were.",
        "Look at the file; kl drift ends with exit code 3.",
    ),
    (
        "empty-windows",
        "With --time, windows between others have no rows, and so are no batches.",
        "Look whether data is missing, or nothing happened then.",
    ),
    (
        "utc-windows",
        "With --time, times carry an offset from UTC, and windows begin at midnight of UTC.",
        "Take the offsets away to have windows by local time.",
    ),
    (
        "no-batch",
        "Some rows have no value in the column that splits the table into batches.",
        "Check that column; these rows are in no batch.",
    ),
    (
        "null-rate",
        "The share of missing values has changed.",
        "Look for a join that fails, a field that is no longer sent, or a filter.",
    ),
    (
        "new-categories",
        "A batch has categories that the reference never shows, though chance would show them.",
        "Check that they are meant; then make a newer reference.",
    ),
    (
        "vanished-categories",
        "Categories of the reference are gone from a batch, which is no accident.",
        "Look for a source that no longer delivers.",
    ),
    (
        "respelled",
        "Categories are written otherwise: case, space, accents, zeros in front, or encoding.",
        "Make the spelling uniform before comparing.",
    ),
    (
        "not-told",
        "What happened to a column could not be told: a bug in kl. Its divergence is right.",
        "KLCLI_DEBUG=1 shows where it happened; kl drift ends with exit code 3.",
    ),
    (
        "exchanged-labels",
        "Categories have changed places or names, which explains most of the difference.",
        "Check the mapping of codes to labels.",
    ),
    (
        "exchanged-columns",
        "Columns have changed places, or are shifted: each has the values that another had.",
        "Look at the order and names of columns where the batch is written, and for a separator in a value.",
    ),
    (
        "day-for-month",
        "Dates lie where they are not expected, and would not with day and month exchanged.",
        "Read the dates of the batch in the order in which they are written, or write them as 2026-01-31.",
    ),
    (
        "unit-change",
        "The numbers, or some, are those of the reference times a factor, as feet for metres.",
        "Check the unit of the batch.",
    ),
    (
        "placeholder",
        "A value that often stands for a missing one appears.",
        "Write missing values as missing; the value then no longer counts as a number.",
    ),
    (
        "stuck-value",
        "One value makes up far more of the rows than before.",
        "Look for a sensor that is stuck, or a default that was filled in.",
    ),
    (
        "outlier",
        "The most extreme value of a batch lies farther out than the tail of all others allows.",
        "Look at that row.",
        "Hill, Annals of Statistics 3 (1975) 1163",
    ),
    (
        "out-of-range",
        "Many values lie beyond the range of the reference.",
        "Check whether the range is meant to grow.",
    ),
    (
        "cut-off",
        "Values that the reference has beyond a limit are gone, or cut to it; the others are as before.",
        "Look for a filter, a range that is clipped, or a type that holds no more.",
    ),
    (
        "spread-change",
        "The middle half of the values is at least twice as wide as before, or half as wide.",
        "Look for values that are averaged, filled in or noisy.",
    ),
    (
        "moved-on",
        "Times, ids, row numbers or years lie after those of the reference, as they do.",
        "Leave the column out with --exclude NAME, or compare the hour or the weekday.",
    ),
    (
        "clock-change",
        "Hours of the day are shifted, missing, or counted twice.",
        "Look for daylight-saving time or another time zone.",
    ),
    (
        "unmatched-pattern",
        "Settings in the configuration are for columns that the reference does not have.",
        "Correct the name or pattern in kl.toml, or remove it.",
        "",
    ),
    (
        "stale-baseline",
        "Drift, changes or columns that --baseline has are no longer there.",
        "Remove the entries from the file, or write it anew with --write-baseline.",
        "",
    ),
    (
        "other-baseline",
        "The baseline was written against another reference than this one.",
        "Write one for this reference, with --write-baseline.",
        "",
    ),
)

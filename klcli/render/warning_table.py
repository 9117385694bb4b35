"""What each warning means and what to do about it: code, meaning, advice, and source if any."""

from __future__ import annotations

from typing import Final

_SAMPLING = "Vehtari et al., Journal of Machine Learning Research 25 (2024) 72, arXiv:1507.02646"

ROWS: Final = (
    (
        "unseen-categories",
        "P has categories that Q never shows: taken literally, the divergence is infinite.",
        "If Q could show the values named, read the finite estimate; if it cannot, infinite.",
        "Kullback & Leibler, Ann. Math. Statist. 22 (1951) 79, doi:10.1214/aoms/1177729694",
    ),
    (
        "outside-range",
        "Some of P lies outside the range of Q, where nothing is known of Q's density.",
        "Look at the extreme values; the estimate extends Q's tail over them.",
        "Kullback & Leibler, Ann. Math. Statist. 22 (1951) 79, theorem 4.1: merged cells bound it",
    ),
    (
        "heavy-tail",
        "P's tail is so much heavier than Q's that estimates are too low, intervals too short.",
        "Read the estimate as a lower bound; compare the other direction.",
        _SAMPLING,
    ),
    (
        "saturated",
        "The estimate is near the largest value that samples of this size can show.",
        "Read it as a lower bound; more rows raise it.",
        "McAllester & Stratos, AISTATS 2020, arXiv:1811.04251",
    ),
    (
        "undersampled",
        "Many categories occur once or not at all: the sample is small for their number.",
        "Merge rare categories or collect more rows; leave --estimator at auto.",
        "Good, Biometrika 40 (1953) 237, doi:10.1093/biomet/40.3-4.237",
    ),
    (
        "sampled-rows",
        "There are more rows than methods that look at rows can take; some were drawn at random.",
        "Raise --max-rows for a shorter interval, if you have the time.",
    ),
    (
        "left-out",
        "Some columns could not be taken together with the others.",
        "Look at the reason given; --categorical NAME and --numeric NAME say what a column is.",
    ),
    (
        "high-dimension",
        "There are few rows for so many columns together.",
        "Choose fewer columns with --column, or collect more rows; --density gaussian needs least.",
        "Peduzzi et al., J. Clin. Epidemiol. 49 (1996) 1373, doi:10.1016/S0895-4356(96)00236-3",
    ),
    (
        "not-normal",
        "The rows are not normal, which the density gaussian takes them to be.",
        "Use --density ratio, or mixture.",
        "Mardia, Biometrika 57 (1970) 519, doi:10.1093/biomet/57.3.519",
    ),
    (
        "below-column",
        "The estimate of columns together is below that of one of them, which cannot be.",
        "Read the estimate as a lower bound; try another --density.",
    ),
    (
        "few-rows",
        "There are too few rows for the interval to be trusted.",
        "Collect more rows.",
    ),
    (
        "constant",
        "The column has a single value on one side or on both.",
        "Check that it was read as meant.",
    ),
    (
        "decimal-comma",
        "Numbers are written with a comma for the point; they were read so.",
        "Write a point, if the commas were meant as something else.",
    ),
    (
        "empty-parts",
        "Some files of a folder or pattern hold nothing.",
        "Check that they were written completely.",
    ),
    (
        "unresolved",
        "Rare neighbouring values differ more than a smooth ratio shows, or times within a day.",
        "Read it as a lower bound; try --categorical or --density histogram; take hours of times.",
        "McCullagh & Nelder, Generalized Linear Models (1989), section 4.5: overdispersion",
    ),
    (
        "coarse-times",
        "Times cover so many days that cells do not tell the time of day, which may differ.",
        "Compare the hour or the weekday as a column of its own.",
    ),
    (
        "extrapolated",
        "Most of a kernel estimate comes from where Q has no rows.",
        "Use --density ratio.",
    ),
    (
        "disagreement",
        "Another estimate from the same rows differs by more than sampling explains.",
        "Use --density ratio, more bins or a smaller bandwidth; compare the densities.",
        "Zhang & Grabchak, Neural Computation 26 (2014) 2570; delta method on the difference",
    ),
    (
        "coarse-bins",
        "One bin holds most rows: what differs among them does not count.",
        "Use --density ratio, --bins quantile, or edges that divide where the rows are.",
    ),
    (
        "ties",
        "Values repeat, which a density of continuous numbers cannot have.",
        "Leave --density at auto, or use frequency; look for copied rows.",
    ),
    (
        "rounding",
        "The values of one side are rounded to longer steps than those of the other.",
        "Round both alike before comparing; else the divergence measures the rounding, too.",
    ),
    (
        "rounded",
        "Rounded values are compared with a density: each stands for what is rounded to it.",
        "Nothing, if values were rounded to the nearest; if cut off, shift them by half a step.",
        "Heitjan & Rubin, Annals of Statistics 19 (1991) 2244, doi:10.1214/aos/1176348396",
    ),
    (
        "fitted-parameters",
        "Parameters of the known distribution were fitted to the rows that it is compared with.",
        "Read the estimate as that of the nearest member of the family; the p-value allows for it.",
        "White, Econometrica 50 (1982) 1, doi:10.2307/1912526",
    ),
    (
        "fitted-direction",
        "Only the direction that a fit makes small is estimated where parameters were fitted.",
        "Give the parameters for the other direction.",
    ),
    (
        "missing-left-out",
        "Missing values have no place under a known distribution, nor on the line of a distance.",
        "If that they are missing matters, compare two datasets by kl, js, hellinger or tv.",
    ),
    (
        "boundary-leak",
        "The kernel puts mass beyond a sharp edge of the data.",
        "Use --density ratio, which knows no edges.",
    ),
    (
        "not-applicable",
        "The chosen method does not fit this column.",
        "Leave --density at auto, or treat the column otherwise: --categorical, --numeric.",
    ),
    (
        "kind-mismatch",
        "The column is of one kind in P and of another in Q.",
        "Say what it is: --categorical NAME or --numeric NAME.",
    ),
    (
        "text",
        "The column holds free text: nearly every value occurs once.",
        "Leave it out with --exclude NAME, or force it with --categorical NAME.",
    ),
    (
        "not-a-number",
        "Some values of a numeric column are not numbers; they count as missing.",
        "Check those values; NaN and empty cells are missing, too.",
    ),
    (
        "not-a-date",
        "Some values of a column of dates are not dates; they count as missing.",
        "Check those values; write dates as 2013-07-04.",
    ),
    (
        "not-numeric",
        "The column was to be numeric, but holds other values.",
        "Leave it out of --numeric.",
    ),
    (
        "unsupported-type",
        "The column holds lists, objects or bytes, which have no divergence here.",
        "Extract what you want to compare into a column of its own.",
    ),
    (
        "all-missing",
        "The column has no values on one side or on both.",
        "Check that it was read as meant; leave it out with --exclude NAME.",
    ),
    (
        "infinite-values",
        "The column holds infinite numbers, which are counted apart.",
        "Check where they come from: often a division by zero.",
    ),
    (
        "codes",
        "Single whole numbers hold many rows, and those beside them hardly any.",
        "Use --categorical NAME for codes, of which the estimate is a lower bound; else --numeric NAME.",
    ),
    (
        "precision",
        "Whole numbers beyond 2⁵³ lose digits as floating-point numbers.",
        "If they are identifiers, use --categorical NAME or --exclude NAME.",
    ),
    (
        "weighted",
        "Rows are weighted: sample sizes are effective ones.",
        "Nothing; intervals are approximate, and there is no p-value.",
        "Kish, Survey Sampling (1965), section 11.7",
    ),
    (
        "only-in-p",
        "Columns that only P has; they are not compared.",
        "Rename them if they are the same under another name.",
    ),
    (
        "only-in-q",
        "Columns that only Q has; they are not compared.",
        "Rename them if they are the same under another name.",
    ),
    (
        "same-source",
        "P and Q are the same data.",
        "Check the arguments: every divergence is 0.",
    ),
    (
        "shared-rows",
        "More rows stand in both datasets than chance puts there: a leak, or extracts that overlap.",
        "Take them out of one side: intervals and p-values are for independent samples.",
        "Flajolet, Computing 43 (1990) 391; Chernoff, Ann. Math. Statist. 23 (1952) 493",
    ),
    (
        "duplicate-columns",
        "Several columns have the same name; later ones were renamed.",
        "Give each column a name of its own.",
    ),
    (
        "no-header",
        "The first line of a file holds only numbers, so it counts as data, not as names.",
        "Add a header if the columns have names.",
    ),
    (
        "ragged-rows",
        "Some lines have fewer fields than the header; what they lack counts as missing.",
        "Look at the line named: often a file is cut off or a separator is missing.",
    ),
    (
        "empty-rows",
        "Lines without any value are not counted as rows.",
        "Check that they mean nothing.",
    ),
    (
        "part-columns",
        "Some parts of a source lack a column; its values count as missing there.",
        "Check that the parts belong together; --missing drop leaves missing values out.",
    ),
    (
        "part-reference",
        "Some batches of a rolling reference lack a column; it is compared with the others.",
        "Nothing, if the column is new; else see what became of it in the batches that lack it.",
    ),
    (
        "paired-by-position",
        "The columns have no names in common and were paired in the order they stand.",
        "Check that the order is the same, or add a header.",
    ),
    (
        "from-profile",
        "A side is a profile: its counts stand for the rows, and their error is in the interval.",
        "Nothing; where it says that few rows are left, merge profiles all at once.",
    ),
    (
        "coarse-profile",
        "Much of one side lies within a single cell of the profile that the other side is.",
        "Read the estimate as a lower bound; the data themselves would tell more.",
        "Cover & Thomas, Elements of Information Theory (2006), section 2.8: merging lowers it",
    ),
    (
        "not-in-profile",
        "The profile does not hold the column as this comparison takes it.",
        "Make the profile again, with the option that is named.",
    ),
)

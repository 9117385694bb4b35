"""What each divergence is and when to use it: name, meaning, advice, and source."""

from __future__ import annotations

from typing import Final

ROWS: Final = (
    (
        "kl",
        "Kullback-Leibler, D(P‖Q): the mean of log p/q over rows of P. The default.",
        "Coding, likelihood, tests; adds up over independent columns. Infinite where Q lacks values.",
        "Kullback & Leibler, Ann. Math. Statist. 22 (1951) 79, doi:10.1214/aoms/1177729694",
    ),
    (
        "reverse",
        "D(Q‖P): kl in the other direction.",
        "The name that it has in variational inference; the same as --direction reverse.",
        "Kullback & Leibler, Ann. Math. Statist. 22 (1951) 79, doi:10.1214/aoms/1177729694",
    ),
    (
        "jeffreys",
        "D(P‖Q) + D(Q‖P): symmetric, and infinite where either side lacks values.",
        "When kl is wanted without a direction, and the samples overlap.",
        "Jeffreys, Proceedings of the Royal Society A 186 (1946) 453, doi:10.1098/rspa.1946.0056",
    ),
    (
        "js",
        "Jensen-Shannon: half of D(P‖M) + D(Q‖M), M the mean of both. From 0 to log 2.",
        "Samples that do not overlap; its root (scipy's jensenshannon) is a metric.",
        (
            "Lin, IEEE Trans. Inf. Theory 37 (1991) 145, doi:10.1109/18.61115; "
            "Endres & Schindelin, IEEE Trans. Inf. Theory 49 (2003) 1858"
        ),
    ),
    (
        "hellinger",
        "Hellinger distance: the root of 1 − ∫√(pq). From 0 to 1.",
        "A metric that is always finite; small differences of rare values count.",
        "Le Cam & Yang, Asymptotics in Statistics (2000), section 2.1",
    ),
    (
        "tv",
        "Total variation: the largest difference of P(A) and Q(A) for any event A. From 0 to 1.",
        "When the answer shall be a probability: how well one row tells P from Q.",
        "Tsybakov, Introduction to Nonparametric Estimation (2009), section 2.4",
    ),
    (
        "chi2",
        "Pearson's χ²: the mean of (p/q − 1)² over rows of Q.",
        "Importance weights, whose variance it is; ruled by the tails.",
        (
            "Gibbs & Su, International Statistical Review 70 (2002) 419, "
            "doi:10.1111/j.1751-5823.2002.tb00178.x"
        ),
    ),
    (
        "renyi",
        "Rényi of order α, as renyi:0.5: kl at α = 1, larger for larger α.",
        "Orders below 1 for samples that hardly overlap, above 1 for tails; privacy accounting.",
        (
            "van Erven & Harremoës, IEEE Trans. Inf. Theory 60 (2014) 3797, "
            "doi:10.1109/TIT.2014.2320500"
        ),
    ),
    (
        "psi",
        "Population stability index: jeffreys of bins, tenths of Q unless psi:20 or edges.",
        "To compare with what others report; what differs within a bin does not count.",
        "Yurdakul, Statistical properties of population stability index, dissertation (2018)",
    ),
    (
        "wasserstein",
        "Wasserstein of order 1, ∫|F − G| dx: how far values have to move, in their own unit.",
        "When it matters by how much values differ; ruled by far values.",
        "Villani, Optimal Transport (2009), chapter 6, doi:10.1007/978-3-540-71050-9",
    ),
    (
        "energy",
        "Energy distance, the root of 2∫(F − G)² dx, as in scipy; in the root of the unit.",
        "As wasserstein, with less weight on far values.",
        (
            "Székely & Rizzo, J. Statist. Planning and Inference 143 (2013) 1249, "
            "doi:10.1016/j.jspi.2013.03.018"
        ),
    ),
    (
        "ks",
        "Kolmogorov-Smirnov: the largest difference of distribution functions. From 0 to 1.",
        "Numbers in order, whatever their scale; weak in the tails.",
        "Smirnov, Ann. Math. Statist. 19 (1948) 279, doi:10.1214/aoms/1177730256",
    ),
)

#: What their own warnings mean: code, meaning, advice, and source if any.
WARNINGS: Final = (
    (
        "infinite-distance",
        "Infinite values are infinitely far from all others.",
        "Use a divergence that does not look at distances, such as ks or js.",
    ),
    (
        "heavy-values",
        "The values vary so much that their distance cannot be estimated.",
        "Read wasserstein as a lower bound; ks and js do not look at how far values are.",
        (
            "del Barrio, Giné & Matrán, Annals of Probability 27 (1999) 1009, "
            "doi:10.1214/aop/1022677394"
        ),
    ),
    (
        "empty-bins",
        "One side has no rows in a bin: taken literally, the index is infinite.",
        "Use fewer bins or edges that both sides fill, or --divergence jeffreys.",
    ),
)

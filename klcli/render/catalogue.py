"""What `kl methods` tells: each method and each warning, when it matters, and its source.

Constants only, so that listing them imports nothing; tests hold them against the registry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from klcli.render import divergence_table, drift_warning_table, fit_warning_table, warning_table
from klcli.render.exact_table import ROWS as EXACT_ROWS


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to choose, or one warning that may appear.

    Attributes
    ----------
    group : str
        The option that takes the name, without dashes; or ``warning``, or ``exact`` for what
        `kl exact` does.
    name : str
        The name, as options take it and results show it.
    summary : str
        What it is, in one line.
    use : str
        When to choose it; for a warning, what to do about it.
    source : str
        Where it was published; empty for what needs none.
    """

    group: str
    name: str
    summary: str
    use: str
    source: str = ""


_SCOTT_1979 = "Scott, Biometrika 66 (1979) 605, doi:10.1093/biomet/66.3.605"
_BOOTSTRAP = "Davison & Hinkley, Bootstrap Methods and their Application (1997), chapter 5"
_SILVERMAN = "Silverman, Density Estimation for Statistics and Data Analysis (1986), section 3.4"
_KT = "Krichevsky & Trofimov, IEEE Trans. Inf. Theory 27 (1981) 199, doi:10.1109/TIT.1981.1056331"
_ZHANG_GRABCHAK = "Zhang & Grabchak, Neural Computation 26 (2014) 2570, doi:10.1162/NECO_a_00646"
_NUMPY_AUTO = "numpy.histogram_bin_edges, method auto"

METHODS: Final = (
    Entry(
        "density",
        "frequency",
        "Category frequencies; without --smoothing the estimate is corrected for bias.",
        "Categories, booleans, and numbers with few distinct values. The default there.",
        _ZHANG_GRABCHAK,
    ),
    Entry(
        "density",
        "histogram",
        "Constant between the edges that --bins chooses.",
        "To reproduce what others report, and to read the result bin by bin.",
        _SCOTT_1979,
    ),
    Entry(
        "density",
        "kde",
        "Gaussian kernel density with the bandwidth that --bandwidth chooses.",
        "Smooth numeric columns without heavy tails, sharp edges or repeated values.",
        _SILVERMAN,
    ),
    Entry(
        "density",
        "ratio",
        "The log of the density ratio itself: logistic regression on splines of the pooled rank.",
        "Numeric columns of any shape. The default there, also against a known distribution. With --joint, the default for columns of "
        "all kinds: classifiers that tell P from Q, stacked.",
        "Qin, Biometrika 85 (1998) 619, doi:10.1093/biomet/85.3.619; "
        "Wahba, J. R. Statist. Soc. B 45 (1983) 133",
    ),
    Entry(
        "density",
        "knn",
        "Distances to nearest neighbours, whitened, corrected for bias; repeated rows do no harm.",
        "Two to five numeric columns together (--joint), to check the default by another road.",
        "Wang, Kulkarni & Verdú, IEEE Trans. Inf. Theory 55 (2009) 2392, "
        "doi:10.1109/TIT.2009.2016060",
    ),
    Entry(
        "density",
        "gaussian",
        "Normal distributions with the samples' means and covariances: the unbiased closed form.",
        "A baseline; with many columns often the only estimate that can be had.",
        "Kullback, Information Theory and Statistics (1959), chapter 9",
    ),
    Entry(
        "density",
        "mixture",
        "Gaussian mixtures whose number of components BIC chooses, fitted and evaluated apart.",
        "Clusters, or smooth numeric columns without heavy tails, up to twenty together.",
        "Fraley & Raftery, J. Am. Stat. Assoc. 97 (2002) 611, doi:10.1198/016214502760047131",
    ),
    Entry(
        "estimator",
        "plug-in",
        "The sum or integral of the fitted model, without random numbers.",
        "Numbers. For categories, to reproduce Zhang and Grabchak. The default for numbers.",
    ),
    Entry(
        "estimator",
        "empirical-bayes",
        "Corrected frequencies; for rare or even categories, priors learned from all of them.",
        "Categories of any number, well sampled or not. The default there.",
        "Robbins, Third Berkeley Symposium 1 (1956) 157; "
        "Good, Biometrika 40 (1953) 237, doi:10.1093/biomet/40.3-4.237",
    ),
    Entry(
        "estimator",
        "dirichlet-mixture",
        "Posterior mean under Dirichlet priors of all concentrations.",
        "Many categories with shares of one order of magnitude, of which few were seen.",
        "Camaglia et al., Physical Review E 109 (2024) 024305, arXiv:2307.04201",
    ),
    Entry(
        "estimator",
        "monte-carlo",
        "The mean log ratio of the fitted models over draws from the fitted P.",
        "To check plug-in by another road; its own standard error is reported.",
        "Hershey & Olsen, ICASSP 2007, doi:10.1109/ICASSP.2007.366913",
    ),
    Entry(
        "interval",
        "influence",
        "From the influence of each row on the estimate, calibrated near zero as well.",
        "Any sample size; costs no resampling. The default for numbers.",
        "Kandasamy et al., Advances in Neural Information Processing Systems 28 (2015), "
        "arXiv:1411.4342; Kullback, Information Theory and Statistics (1959), chapter 5, section 3",
    ),
    Entry(
        "interval",
        "delta",
        "The estimate plus and minus its standard error, by the delta method.",
        "Categories that all occur often on both sides.",
        _ZHANG_GRABCHAK,
    ),
    Entry(
        "interval",
        "basic",
        "Bootstrap of the counts, reflected at the estimate.",
        "To check the default; corrects for bias that resampling shows.",
        _BOOTSTRAP,
    ),
    Entry(
        "interval",
        "percentile",
        "Quantiles of bootstrap estimates from resampled counts.",
        "To reproduce what others report; too high near zero, where estimates are biased up.",
        _BOOTSTRAP,
    ),
    Entry(
        "interval",
        "bca",
        "Bootstrap of the counts, corrected for bias and skewness.",
        "Skewed estimates from moderate samples, away from zero.",
        "Efron, J. Am. Stat. Assoc. 82 (1987) 171, doi:10.1080/01621459.1987.10478410",
    ),
    Entry(
        "interval",
        "subsampling",
        "The spread of estimates from smaller samples, drawn without replacement.",
        "To check the influence interval of knn and gaussian; unfit where bias is large.",
        "Politis, Romano & Wolf, Subsampling (1999), doi:10.1007/978-1-4612-1554-7",
    ),
    Entry(
        "bins",
        "auto",
        "The finer of fd and sturges.",
        "When you have no reason for another rule.",
        _NUMPY_AUTO,
    ),
    Entry(
        "bins",
        "fd",
        "Width from the interquartile range (Freedman-Diaconis).",
        "Large samples with outliers.",
        "Freedman & Diaconis, Z. Wahrscheinlichkeitstheorie 57 (1981) 453, doi:10.1007/BF01025868",
    ),
    Entry(
        "bins",
        "scott",
        "Width from the standard deviation.",
        "Samples close to normal.",
        _SCOTT_1979,
    ),
    Entry(
        "bins",
        "sturges",
        "Number from the logarithm of the sample size.",
        "Small samples close to normal; too coarse for large ones.",
        "Sturges, J. Am. Stat. Assoc. 21 (1926) 65, doi:10.1080/01621459.1926.10502161",
    ),
    Entry(
        "bins",
        "doane",
        "Sturges' rule with more bins for skewed samples.",
        "Small skewed samples.",
        "Doane, American Statistician 30 (1976) 181, doi:10.1080/00031305.1976.10479172",
    ),
    Entry(
        "bins",
        "sqrt",
        "The square root of the number of rows.",
        "To reproduce spreadsheets; too fine for large samples.",
    ),
    Entry(
        "bins",
        "rice",
        "Twice the cube root of the number of rows.",
        "A quick rule with more bins than sturges.",
        "Terrell & Scott, J. Am. Stat. Assoc. 80 (1985) 209, doi:10.1080/01621459.1985.10477163",
    ),
    Entry(
        "bins",
        "stone",
        "The number with the least cross-validated squared error.",
        "When the data shall choose the number; slow for large ranges.",
        "Rudemo, Scandinavian Journal of Statistics 9 (1982) 65",
    ),
    Entry(
        "bins",
        "knuth",
        "Number of equal bins with the highest posterior probability.",
        "When the data shall choose the number.",
        "Knuth, Digital Signal Processing 95 (2019) 102581, doi:10.1016/j.dsp.2019.102581",
    ),
    Entry(
        "bins",
        "blocks",
        "Edges of unequal bins where the density changes (Bayesian blocks).",
        "Densities with jumps and peaks.",
        "Scargle et al., Astrophysical Journal 764 (2013) 167, doi:10.1088/0004-637X/764/2/167",
    ),
    Entry(
        "bins",
        "quantile",
        "Edges at quantiles of both samples together: equal counts.",
        "Skewed columns and outliers, which squeeze the rest into one bin of equal width.",
    ),
    Entry(
        "bins",
        "cv",
        "The number with the least cross-validated squared error, as stone; -v shows the curve.",
        "When the data shall choose the number. Rounded values draw it to the finest bins tried.",
        "Rudemo, Scandinavian Journal of Statistics 9 (1982) 65",
    ),
    Entry(
        "bandwidth",
        "isj",
        "The improved Sheather-Jones plug-in rule.",
        "Densities with several peaks. The default for single columns, and only for them.",
        "Botev, Grotowski & Kroese, Annals of Statistics 38 (2010) 2916, doi:10.1214/10-AOS799",
    ),
    Entry(
        "bandwidth",
        "scott",
        "From the standard deviation, best for a normal density.",
        "Samples close to normal; blurs several peaks into one.",
        "Scott, Multivariate Density Estimation (1992), section 6.3",
    ),
    Entry(
        "bandwidth",
        "silverman",
        "From the lesser of standard deviation and interquartile range.",
        "One peak with a few outliers.",
        _SILVERMAN,
    ),
    Entry(
        "bandwidth",
        "cv",
        "The highest likelihood of rows left out.",
        "When no rule of thumb fits; slow to settle for heavy tails. The default with --joint.",
        "Hall, Annals of Statistics 15 (1987) 1491, doi:10.1214/aos/1176350606",
    ),
    Entry(
        "neighbors",
        "cv",
        "The number whose density ratio tells best which side left-out rows are from.",
        "When nothing tells how many; p-value and noise floor stay those of 5 neighbours.",
        "Sugiyama, Suzuki & Kanamori, Density Ratio Estimation in Machine Learning (2012)",
    ),
    Entry(
        "smoothing",
        "none",
        "The plain sum over the observed frequencies: infinite where Q lacks a category.",
        "To reproduce other tools. Without --smoothing, frequency corrects for bias instead.",
    ),
    Entry(
        "smoothing",
        "laplace",
        "Adds 1 to each count.",
        "To reproduce other tools; hides infinite divergences and depends on the categories.",
    ),
    Entry(
        "smoothing",
        "jeffreys",
        "Adds 1/2 to each count.",
        "As laplace, with less pull towards equal frequencies.",
        "Jeffreys, Proceedings of the Royal Society A 186 (1946) 453, doi:10.1098/rspa.1946.0056",
    ),
    Entry(
        "smoothing",
        "krichevsky-trofimov",
        "Adds 1/2 to each count, the name in coding theory.",
        "As jeffreys.",
        _KT,
    ),
)

DIVERGENCES: Final = tuple(Entry("divergence", *row) for row in divergence_table.ROWS)

_WHITE = "White, Econometrica 50 (1982) 1, doi:10.2307/1912526"
_BISHOP = "Bishop, Pattern Recognition and Machine Learning (2006), section 10.1.2"

OBJECTIVES: Final = (
    Entry(
        "objective",
        "forward",
        "Minimises D(P‖Q): maximum likelihood. Q covers all of P, however much lies between.",
        "To describe data, to compare families by AIC, to code with the fewest bits.",
        _WHITE,
    ),
    Entry(
        "objective",
        "reverse",
        "Minimises D(Q‖P): Q stays where P is, and covers one of several modes.",
        "To see what variational inference does, or to describe the main mode of a known target.",
        _BISHOP,
    ),
)

WARNINGS: Final = tuple(
    Entry("warning", *row)
    for row in (
        *warning_table.ROWS,
        *drift_warning_table.ROWS,
        *divergence_table.WARNINGS,
        *fit_warning_table.ROWS,
    )
)

#: The ways of `kl exact`, which chooses by itself.
EXACT: Final = tuple(Entry("exact", *row) for row in EXACT_ROWS)

ENTRIES: Final = METHODS + DIVERGENCES + OBJECTIVES + EXACT + WARNINGS

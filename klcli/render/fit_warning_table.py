"""What each warning of `kl fit` means: code, meaning, advice, and source if any."""

from __future__ import annotations

from typing import Final

ROWS: Final = (
    (
        "estimated-density",
        "A reverse fit needs the density of the data, which is only an estimate.",
        "Compare --density kde and mixture, and other bandwidths; trust no tail beyond the rows.",
    ),
    (
        "several-optima",
        "Different starts of a fit ended in different optima.",
        "Read all of them: each covers another part of the target.",
        "Bishop, Pattern Recognition and Machine Learning (2006), section 10.1.2",
    ),
    (
        "flat-optimum",
        "Some parameter could have other values and the fit would be as good.",
        "Take a family with fewer parameters, or fix that one with --fix.",
    ),
    (
        "not-converged",
        "The search for a fit did not end in a minimum.",
        "Fix parameters with --fix, take a simpler family, or read the fit as a bound.",
    ),
    (
        "no-optimum",
        "The divergence is infinite for every distribution of the family.",
        "Take a family with the target's support and tails, or the other --objective.",
    ),
    (
        "not-fitted",
        "One of several families could not be fitted.",
        "Read the reason given; the other families are not affected.",
    ),
)

# Prints the cases that the tests compare with, as JSON:
#   Rscript make_reference.R > reference.json
# Base R alone. Where R has no exact function, the value is computed here by a different route than the library's: every
# assignment of signs for the signed ranks, integrate() for power, and the definition for Friedman's F.

number <- function(x) ifelse(is.na(x), "null", formatC(x, digits = 17, format = "g"))
json <- function(x) {
  if (is.character(x)) return(paste0('"', x, '"'))
  if (is.list(x) && !is.null(names(x))) {
    fields <- mapply(function(name, value) paste0('"', name, '": ', json(value)), names(x), x)
    return(paste0("{", paste(fields, collapse = ", "), "}"))
  }
  if (is.list(x)) return(paste0("[", paste(vapply(x, json, ""), collapse = ", "), "]"))
  if (inherits(x, "AsIs")) return(paste0("[", paste(number(unclass(x)), collapse = ", "), "]"))
  number(x)
}

set.seed(2017)

# Paired scores on a test set of 1000, and the margin.
paired <- function(n, shift, sd, margin) {
  baseline <- round(rnorm(n, 0.93, 0.004), 3)
  variant <- round(baseline + rnorm(n, shift, sd), 3)
  d <- variant - baseline
  plain <- t.test(variant, baseline, paired = TRUE)
  narrow <- t.test(variant, baseline, paired = TRUE, conf.level = 0.90)
  above <- t.test(variant, baseline, paired = TRUE, mu = -margin, alternative = "greater")$p.value
  below <- t.test(variant, baseline, paired = TRUE, mu = margin, alternative = "less")$p.value
  steps <- round(d * 1000)
  steps <- steps[steps != 0]
  ranks <- rank(abs(steps))
  signs <- as.matrix(expand.grid(rep(list(c(-1, 1)), length(steps))))
  sums <- abs(signs %*% ranks)
  list(
    variant = I(variant), baseline = I(baseline), margin = margin,
    mean = mean(d), sd = sd(d),
    low = plain$conf.int[1], high = plain$conf.int[2],
    narrow_low = narrow$conf.int[1], narrow_high = narrow$conf.int[2],
    p_difference = plain$p.value, p_equivalence = max(above, below), p_noninferiority = above,
    p_signed_rank = mean(sums >= abs(sum(sign(steps) * ranks)) - 1e-9),
    effect = mean(d) / sd(d) * gamma((n - 1) / 2) / (sqrt((n - 1) / 2) * gamma((n - 2) / 2)),
    won = sum(steps > 0), tied = n - length(steps)
  )
}

# Without ties and zeros, R's own exact signed-rank test.
untied <- function(n) {
  d <- rnorm(n, 0.5)
  list(differences = I(d), p = wilcox.test(d, exact = TRUE)$p.value)
}


equivalence_power <- function(difference, sd, margin, alpha, n) {
  nu <- n - 1
  critical <- qt(1 - alpha, nu)
  root <- sqrt(n) / sd
  given <- function(v) {
    reach <- margin * root - critical * sqrt(v / nu)
    (pnorm(reach - difference * root) - pnorm(-reach - difference * root)) * dchisq(v, nu)
  }
  largest <- nu * (margin * root / critical)^2
  # In pieces, each small enough for integrate() to resolve the whole bell curve.
  cuts <- unique(c(0, pmin(largest, qchisq(c(1e-6, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1 - 1e-9), nu)), min(largest, qchisq(1 - 1e-15, nu))))
  sum(vapply(seq_len(length(cuts) - 1), function(i)
    integrate(given, cuts[i], cuts[i + 1], rel.tol = 1e-11, abs.tol = 1e-13, subdivisions = 2000)$value, 0))
}
power_case <- function(difference, sd, margin, alpha, n) list(
  difference = difference, sd = sd, margin = margin, alpha = alpha, seeds = n,
  equivalent = equivalence_power(difference, sd, margin, alpha, n),
  non_inferior = pt(qt(1 - alpha, n - 1), n - 1, (difference + margin) * sqrt(n) / sd, lower.tail = FALSE),
  different = power.t.test(n, delta = abs(difference), sd = sd, sig.level = alpha, type = "paired", strict = TRUE)$power
)

# P(range < q) = chance, solved to more digits than qtukey gives.
range_case <- function(numbers, chance) {
  below <- function(q) numbers * integrate(function(z) dnorm(z) * (pnorm(z) - pnorm(z - q))^(numbers - 1),
    -Inf, Inf, rel.tol = 1e-12, subdivisions = 1000)$value
  list(numbers = numbers, chance = chance,
    quantile = uniroot(function(q) below(q) - chance, c(0.1, 12), tol = 1e-13)$root,
    qtukey = qtukey(chance, numbers, Inf))
}

friedman_case <- function(scores) {
  test <- friedman.test(-scores)
  n <- nrow(scores); k <- ncol(scores)
  chi <- unname(test$statistic)
  f <- (n - 1) * chi / (n * (k - 1) - chi)
  list(scores = lapply(seq_len(n), function(row) I(scores[row, ])),
    mean_ranks = I(rowMeans(apply(-scores, 1, rank))),
    chi_squared = chi, p = test$p.value, f = f, p_f = pf(f, k - 1, (k - 1) * (n - 1), lower.tail = FALSE))
}

# A full grid by aov(): two categories and a number, two repeats. Shares of the variance of cell means.
grid_case <- function() {
  table <- expand.grid(rate = 10^(-5:-1), variant = 0:3, layers = 1:2, seed = 1:2)
  peak <- c(-3, -2.6, -2.2, -3.4)[table$variant + 1]
  table$score <- 0.9 - 0.05 * (log10(table$rate) - peak)^2 + 0.01 * table$layers + rnorm(nrow(table), 0, 0.005)
  fit <- summary(aov(score ~ factor(rate) * factor(variant) * factor(layers), table))[[1]]
  squares <- fit[["Sum Sq"]]
  surface <- squares[-length(squares)]
  list(
    rate = I(table$rate), variant = I(table$variant), layers = I(table$layers), score = I(table$score),
    shares = setNames(as.list(surface[1:6] / sum(surface)),
      c("rate", "variant", "layers", "rate variant", "rate layers", "variant layers")),
    repeat_sd = sqrt(fit[["Mean Sq"]][length(squares)]),
    sd = sqrt(sum(surface) / nrow(table))
  )
}

holm_case <- function(n) {
  p <- runif(n)^3
  list(p = I(p), adjusted = I(p.adjust(p, "holm")))
}

ties <- matrix(round(runif(24, 0.85, 0.95), 2), 6)
ties[2, 1:2] <- 0.9
cases <- list(
  made_with = R.version.string,
  intervals = lapply(c(2, 3, 5, 10, 30), function(n) {
    x <- rnorm(n, 0.9, 0.01)
    test <- t.test(x, conf.level = if (n == 5) 0.99 else 0.95)
    list(scores = I(x), confidence = attr(test$conf.int, "conf.level"),
      low = test$conf.int[1], high = test$conf.int[2])
  }),
  paired = list(paired(3, 0, 0.002, 0.005), paired(5, -0.004, 0.004, 0.01), paired(5, 0.006, 0.002, 0.005),
    paired(8, 0.001, 0.003, 0.003), paired(10, -0.01, 0.006, 0.005), paired(12, 0, 0.0015, 0.002)),
  untied = lapply(c(3, 5, 8, 13, 20, 30), untied),
  power = list(
    power_case(0, 0.01, 0.01, 0.05, 2), power_case(0, 0.004, 0.01, 0.05, 3),
    power_case(0.002, 0.004, 0.01, 0.05, 3), power_case(-0.003, 0.005, 0.01, 0.05, 5),
    power_case(0.001, 0.02, 0.01, 0.05, 5), power_case(0.004, 0.01, 0.01, 0.10, 10),
    power_case(-0.001, 0.008, 0.005, 0.05, 30), power_case(0.002, 0.03, 0.01, 0.01, 200),
    power_case(0.001, 0.05, 0.005, 0.05, 1000)),
  ranges = unlist(lapply(c(0.9, 0.95, 0.99), function(chance)
    lapply(c(2, 3, 4, 5, 7, 10, 20), range_case, chance = chance)), recursive = FALSE),
  friedman = list(friedman_case(ties), friedman_case(matrix(runif(30), 10)), friedman_case(matrix(runif(60), 12))),
  holm = lapply(c(1, 3, 10), holm_case),
  grid = grid_case()
)
cat(json(cases), "\n", sep = "")

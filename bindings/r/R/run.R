# Run files, which the program reads too, and pages made of them.

run_keys <- c("options", "network", "n", "rows", "features", "convention", "recipe", "fingerprint", "created_at", "data", "program", "verb")

json_text <- function(x) {
    x <- gsub("\\", "\\\\", enc2utf8(x), fixed = TRUE)
    x <- gsub("\"", "\\\"", x, fixed = TRUE)
    paste0("\"", gsub("[[:cntrl:]]", " ", x), "\"")
}

json_flag <- function(x) if (isTRUE(x)) "true" else "false"

json_object <- function(members) paste0("{", paste0(json_text(names(members)), ":", unlist(members), collapse = ","), "}")

# The texts of a run file, as the program writes them.
run_texts <- function(network, spec, how, lambda = NULL, verb = "path", folds = NULL, repeats = 1, ensemble = 1, stratify = TRUE) {
    layers <- c(network$layers$inputs[1], network$layers$outputs)
    s <- spec$settings
    biases <- network$scale$penalise_biases || s$penalise_biases
    plain <- function(x) format(x, digits = 17, trim = TRUE, scientific = FALSE)
    settings <- c(how$path, how$solver)
    settings <- settings[names(settings) %in% c("effort", "starts", "seed", "solver", "grad_tol", "max_iter", "algebra")]
    names(settings) <- gsub("_", "-", names(settings))
    grid <- if (is.character(lambda)) paste(lambda, collapse = ",") else if (!is.null(lambda)) paste(format(sort(lambda), digits = 17), collapse = ",")
    options <- c(list(hidden = paste(if (length(spec$hidden)) spec$hidden else 0, collapse = ","), activation = s$activation,
                      convention = spec$convention, walk = paste(how$walk, collapse = ",")),
                 lapply(settings, function(v) if (is.character(v)) v else plain(v)),
                 if (!is.null(grid)) list(lambda = grid),
                 if (verb == "cv") list(folds = if (!is.null(folds)) plain(folds), repeats = plain(repeats), ensemble = plain(ensemble)),
                 if (verb == "cv" && !stratify) list(`no-stratify` = ""),
                 if (!s$hidden_bias) list(`no-hidden-bias` = ""), if (!s$output_bias) list(`no-output-bias` = ""),
                 if (isFALSE(how$path$explain)) list(`no-explain` = ""), if (!spec$standardize) list(`no-standardize` = ""))
    options <- options[!vapply(options, is.null, TRUE)]
    c(data = "a table of R", program = paste("R package", utils::packageVersion("ridgewalk")), verb = verb, fingerprint = network$fingerprint,
      recipe = network$recipe, options = json_object(lapply(options, json_text)),
      network = json_object(list(layers = paste0("[", paste(plain(layers), collapse = ","), "]"), activation = json_text(s$activation),
                                 hidden_bias = json_flag(s$hidden_bias), output_bias = json_flag(s$output_bias),
                                 penalise_biases = json_flag(biases))),
      n = format(network$scale$n, digits = 17), rows = plain(network$rows), features = plain(network$features),
      convention = spec$convention)
}

write_run <- function(object, file, replace = FALSE, pictures = TRUE) {
    if (!is.character(file) || length(file) != 1 || is.na(file)) refuse("file: the name of a file is wanted")
    bytes <- object$run
    if (is.null(bytes)) {
        if (!inherits(object, "ridgewalk")) refuse("object: a path of ridgewalk() or cv.ridgewalk() is wanted")
        if (is.null(object$handle) || is.null(object$spec))
            refuse("object: this path does not hold its run", status = "not_implemented")
        how <- list(replace = flag(replace, "replace"), pictures = flag(pictures, "pictures"), explain = !isFALSE(object$how$path$explain))
        tryCatch(core(c_run_save, object$handle, file, run_texts(object$network, object$spec, object$how, object$how$asked), how),
                 ridgewalk_not_implemented = function(e)
                     refuse("object: this path has been saved and read again, and the library's own is gone; walk again, or keep the run ",
                            "file beside it: write_run() in the session that walks", status = "not_implemented"))
        return(invisible(file))
    }
    if (file.exists(file) && !flag(replace, "replace")) refuse(file, " exists; replace = TRUE replaces it", status = "io")
    if (file.exists(file) && !identical(readBin(file, "raw", 16), bytes[1:16]))
        refuse(file, " is not a run file of ridgewalk; it is not replaced", status = "format")
    writeBin(bytes, file)
    invisible(file)
}

read_run <- function(file) {
    if (!is.character(file) || length(file) != 1 || is.na(file)) refuse("file: the name of a file is wanted")
    found <- core(c_run_load, file, run_keys)
    texts <- found$texts
    if (is.na(texts[["network"]]) || is.na(texts[["recipe"]]) || !length(found$lambda))
        refuse(file, ": it holds no network over a table, or no grid yet", status = "format")
    word <- function(key) sub(paste0(".*\"", key, "\": *(\\[[^]]*\\]|\"[^\"]*\"|true|false).*"), "\\1", texts[["network"]])
    layers <- as.numeric(strsplit(gsub("[][ ]", "", word("layers")), ",", fixed = TRUE)[[1]])
    scale <- core(c_scale, texts[["convention"]], as.numeric(texts[["n"]]))
    spec <- list(hidden = layers[-c(1, length(layers))], convention = texts[["convention"]], features = NULL, targets = NULL,
                 outputs = layers[length(layers)], standardize = !grepl("\"no-standardize\"", texts[["options"]], fixed = TRUE),
                 settings = list(activation = gsub("\"", "", word("activation")), hidden_bias = word("hidden_bias") == "true",
                                 output_bias = word("output_bias") == "true", penalise_biases = word("penalise_biases") == "true"))
    count <- length(layers) - 1
    biased <- c(rep(spec$settings$hidden_bias, count - 1), spec$settings$output_bias)
    size <- layers[-length(layers)] * layers[-1] + biased * layers[-1]
    place <- c(0, cumsum(size))[seq_len(count)]
    found$network <- list(inputs = found$inputs, recipe = texts[["recipe"]], fingerprint = texts[["fingerprint"]], scale = scale,
                          layers = list(inputs = layers[-length(layers)], outputs = layers[-1], W = place,
                                        b = ifelse(biased, place + layers[-length(layers)] * layers[-1], NA)),
                          rows = as.numeric(texts[["rows"]]), features = as.numeric(texts[["features"]]), null_mse = NA_real_, dim = sum(size))
    how <- list(path = list(), solver = list(), walk = unique(found$fits$fit$walk))
    run <- readBin(file, "raw", file.size(file))
    if (!is.null(found$cv)) return(new_cv(found, found$network, spec, how, NULL, run))
    fits <- split_fits(found$fits)
    found$fits <- fits$own
    path <- new_path(found, spec, how, NULL)
    path$run <- run
    path
}

# The program: what the package was installed with, or one in the path.
program <- function() {
    places <- c(getOption("ridgewalk.program", ""), system.file("bin", "ridgewalk", package = "ridgewalk"), Sys.which("ridgewalk"))
    places <- places[nzchar(places) & file.exists(places)]
    if (!length(places))
        refuse("report: the program ridgewalk draws the page, and is not found; options(ridgewalk.program = FILE) names it",
               status = "not_implemented")
    places[1]
}

report <- function(object, file = "ridgewalk.html", replace = FALSE, open = interactive()) {
    if (!is.character(file) || length(file) != 1 || is.na(file)) refuse("file: the name of a file is wanted")
    if (file.exists(file) && !flag(replace, "replace")) refuse(file, " exists; replace = TRUE replaces it", status = "io")
    by <- program()
    run <- tempfile("run-", fileext = ".rwk")
    on.exit(unlink(paste0(run, c("", "-wal", "-shm", "-journal"))))
    write_run(object, run)
    said <- suppressWarnings(system2(by, c("report", shQuote(run), "--out", shQuote(path.expand(file)), "--quiet"), stdout = TRUE, stderr = TRUE))
    if (!is.null(attr(said, "status")) || !file.exists(file)) refuse("report: ", paste(said, collapse = " "), status = "io")
    if (open) utils::browseURL(paste0("file://", normalizePath(file)))
    invisible(file)
}

# The shared object, and the program beside it: report() draws by it.
put <- function(files, folder) {
    dir.create(folder, recursive = TRUE, showWarnings = FALSE)
    if (!all(file.copy(files, folder, overwrite = TRUE))) stop("could not copy to ", folder)
}
put(c(Sys.glob(paste0("*", SHLIB_EXT)), Sys.glob("symbols.rds")), file.path(R_PACKAGE_DIR, paste0("libs", R_ARCH)))
program <- readLines("program")
if (nzchar(program)) put(program, file.path(R_PACKAGE_DIR, "bin"))

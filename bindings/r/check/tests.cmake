# The R package under CTest: installed once, then a test a file. Not under the sanitizers, as R itself is not built with them:
# check/torture.R and check/leaks.R (by valgrind) look for what they would.
if(NOT TARGET ridgewalk_r)
  add_test(NAME r.package COMMAND ${CMAKE_COMMAND} -E echo "R is not here, or not its headers: the R package is not tested (Debian: r-base-dev)")
  set_tests_properties(r.package PROPERTIES SKIP_REGULAR_EXPRESSION "is not tested")
  return()
endif()

set(r ${CMAKE_SOURCE_DIR}/bindings/r)
set(r_library ${CMAKE_BINARY_DIR}/r)
set(r_environment R_LIBS=${r_library} OPENBLAS_NUM_THREADS=1)
file(GLOB r_tests CONFIGURE_DEPENDS ${r}/tests/testthat/test-*.R)
add_test(NAME r.install COMMAND ${r}/check/install.sh ${CMAKE_BINARY_DIR} ${r_library})
set_tests_properties(r.install PROPERTIES FIXTURES_SETUP r_package)

function(r_test name)
  add_test(NAME r.${name} COMMAND ${RWK_RSCRIPT} ${ARGN})
  set_tests_properties(r.${name} PROPERTIES FIXTURES_REQUIRED r_package SKIP_RETURN_CODE 77 ENVIRONMENT "${r_environment}")
endfunction()

r_test(torture ${r}/check/torture.R)
# A build with debugging symbols is larger than R likes packages to be.
add_test(NAME r.check COMMAND ${CMAKE_COMMAND} -E env _R_CHECK_PKG_SIZES_=FALSE ${r}/check/check.sh ${CMAKE_BINARY_DIR})
set_tests_properties(r.check PROPERTIES FIXTURES_REQUIRED r_package) # not while the sources are being installed from
foreach(source IN LISTS r_tests)
  get_filename_component(name ${source} NAME_WE)
  string(REPLACE "-" "_" name ${name})
  r_test(${name} ${r}/check/run.R ${r}/tests/testthat ${source})
endforeach()

if(TARGET ridgewalk_python)
  add_test(NAME r.python COMMAND ${RWK_PYTHON} ${r}/check/python.py ${RWK_RSCRIPT} ${CMAKE_SOURCE_DIR}/tests/data/diabetes.csv)
  set_tests_properties(r.python PROPERTIES FIXTURES_REQUIRED r_package ENVIRONMENT "${r_environment};PYTHONPATH=${CMAKE_BINARY_DIR}/python")
endif()

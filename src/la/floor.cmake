# Factors for instruction sets beyond the baseline, chosen at run time, as the kernels of src/mlp.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  set_source_files_properties(${CMAKE_SOURCE_DIR}/src/la/factor_avx2.c PROPERTIES
                              COMPILE_OPTIONS "-mavx2;-mfma;-ffp-contract=fast")
  set_source_files_properties(${CMAKE_SOURCE_DIR}/src/la/factor_avx512.c PROPERTIES
                              COMPILE_OPTIONS "-mavx512f;-mavx512dq;-mavx512vl;-mavx2;-mfma;-ffp-contract=fast")
endif()

if(RWK_SANITIZE MATCHES fuzzer)
  set_property(SOURCE ${CMAKE_SOURCE_DIR}/src/la/factor_avx2.c ${CMAKE_SOURCE_DIR}/src/la/factor_avx512.c
               APPEND PROPERTY COMPILE_OPTIONS "-fno-sanitize=all")
endif()

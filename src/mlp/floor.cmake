# Kernels for instruction sets beyond the baseline: one file each, chosen at run time. Contraction to fused
# multiply-adds is allowed in these files only.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  set_source_files_properties(${CMAKE_SOURCE_DIR}/src/mlp/kernel_avx2.c PROPERTIES
                              COMPILE_OPTIONS "-mavx2;-mfma;-ffp-contract=fast")
  set_source_files_properties(${CMAKE_SOURCE_DIR}/src/mlp/kernel_avx512.c PROPERTIES
                              COMPILE_OPTIONS "-mavx512f;-mavx512dq;-mavx512vl;-mavx2;-mfma;-ffp-contract=fast")
endif()

# The fuzzers' instrumentation is for readers of files; clang takes a quarter of an hour over it in unrolled arithmetic.
if(RWK_SANITIZE MATCHES fuzzer)
  set_property(SOURCE ${CMAKE_SOURCE_DIR}/src/mlp/kernel_sse2.c ${CMAKE_SOURCE_DIR}/src/mlp/kernel_avx2.c ${CMAKE_SOURCE_DIR}/src/mlp/kernel_avx512.c
               APPEND PROPERTY COMPILE_OPTIONS "-fno-sanitize=all")
endif()

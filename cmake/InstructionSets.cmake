# rwk_instruction_sets(STEM [STEM...]): STEM_avx2.c and STEM_avx512.c are compiled for instruction sets beyond the
# baseline, chosen at run time (src/base/processor.h). Contraction to fused multiply-adds is allowed in these files only.
# The fuzzers' instrumentation is for readers of files; clang takes a quarter of an hour over it in unrolled arithmetic.
function(rwk_instruction_sets)
  foreach(stem IN LISTS ARGN)
    set(avx2 ${CMAKE_SOURCE_DIR}/src/${stem}_avx2.c)
    set(avx512 ${CMAKE_SOURCE_DIR}/src/${stem}_avx512.c)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
      set_source_files_properties(${avx2} PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma;-ffp-contract=fast")
      set_source_files_properties(${avx512} PROPERTIES
                                  COMPILE_OPTIONS "-mavx512f;-mavx512dq;-mavx512vl;-mavx2;-mfma;-ffp-contract=fast")
    endif()
    if(RWK_SANITIZE MATCHES fuzzer)
      set_property(SOURCE ${avx2} ${avx512} APPEND PROPERTY COMPILE_OPTIONS "-fno-sanitize=all")
    endif()
  endforeach()
endfunction()

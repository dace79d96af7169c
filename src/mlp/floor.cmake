rwk_instruction_sets(mlp/kernel)

if(RWK_SANITIZE MATCHES fuzzer)
  set_property(SOURCE ${CMAKE_SOURCE_DIR}/src/mlp/kernel_sse2.c APPEND PROPERTY COMPILE_OPTIONS "-fno-sanitize=all")
endif()

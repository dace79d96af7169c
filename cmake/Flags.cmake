# Warnings, sanitizers and hardening. No -march=native: code for newer processors is chosen at run time (cmake/InstructionSets.cmake).
# No -ffast-math: a NaN or a sign decides verdicts.
add_compile_definitions(_POSIX_C_SOURCE=200809L)
add_compile_options(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla
                    -ffp-contract=off)
if(RWK_WERROR)
  add_compile_options(-Werror)
endif()

add_link_options(-Wl,-z,relro,-z,now,--as-needed)
if(RWK_SANITIZE)
  add_compile_options(-fsanitize=${RWK_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${RWK_SANITIZE})
  if(RWK_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
else()
  set(RWK_NO_UNDEFINED -Wl,-z,defs) # the shared library names all that it needs
  add_compile_options(-fstack-protector-strong)
endif()

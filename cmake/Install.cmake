# What `cmake --install` puts where: headers, libraries, program, man pages, and the two ways to find them again.
include(CMakePackageConfigHelpers)
set(RWK_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/ridgewalk)

install(DIRECTORY include/ridgewalk DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(TARGETS ridgewalk ridgewalk_static EXPORT ridgewalk)
if(TARGET ridgewalk_program)
  install(TARGETS ridgewalk_program)
endif()
install(FILES docs/ridgewalk.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
install(DIRECTORY docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1")

install(EXPORT ridgewalk NAMESPACE ridgewalk:: FILE ridgewalkTargets.cmake DESTINATION ${RWK_CMAKE_DIR})
configure_package_config_file(cmake/ridgewalkConfig.cmake.in ${CMAKE_BINARY_DIR}/ridgewalkConfig.cmake INSTALL_DESTINATION ${RWK_CMAKE_DIR})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/ridgewalkConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/ridgewalkConfig.cmake ${CMAKE_BINARY_DIR}/ridgewalkConfigVersion.cmake DESTINATION ${RWK_CMAKE_DIR})

list(TRANSFORM RWK_PART_NAMES PREPEND -l OUTPUT_VARIABLE RWK_PC_PRIVATE)
list(JOIN RWK_PC_PRIVATE " " RWK_PC_PRIVATE)
file(RELATIVE_PATH RWK_PC_UP /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/ridgewalk.pc.in ${CMAKE_BINARY_DIR}/ridgewalk.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/ridgewalk.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

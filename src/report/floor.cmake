# Script, style and licence of the page become a part of the program.
file(GLOB page_scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/report/page/*.js)
list(SORT page_scripts)
set(page_folder ${CMAKE_SOURCE_DIR}/src/report/page)
set(page_assets ${CMAKE_BINARY_DIR}/page_assets.c)
list(JOIN page_scripts "," page_script_list)
add_custom_command(
  OUTPUT ${page_assets}
  COMMAND ${CMAKE_COMMAND} -DOUT=${page_assets} -DSCRIPTS=${RWK_D3},${page_script_list} -DSTYLE=${page_folder}/style.css
          -DLICENCE=${page_folder}/d3-licence.txt -P ${CMAKE_SOURCE_DIR}/cmake/Assets.cmake
  DEPENDS ${RWK_D3} ${page_scripts} ${page_folder}/style.css ${page_folder}/d3-licence.txt ${CMAKE_SOURCE_DIR}/cmake/Assets.cmake
  COMMENT "The page of the report"
  VERBATIM)
target_sources(rwk_report PRIVATE ${page_assets})
target_include_directories(rwk_report SYSTEM PRIVATE ${RWK_CAIRO_INCLUDE})

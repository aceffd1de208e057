# orrery_layer(name [USES layer...] FILES file.cpp... HEADERS file.h... [LIBS library...])
#
# One folder src/<name> = one layer = one static library orrery_<name>.
# The order of calls in src/CMakeLists.txt is the architecture: a layer sees the headers of the layers
# in USES and no others, and USES may only name layers declared before it. LIBS are third-party
# libraries that stay inside the layer's source files.
function(orrery_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "USES;FILES;HEADERS;LIBS")
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "layer '${name}': unexpected '${ARG_UNPARSED_ARGUMENTS}'")
  endif()

  set(root ${CMAKE_BINARY_DIR}/layers/${name})  # an include root that shows this layer alone
  file(MAKE_DIRECTORY ${root}/orrery)
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${name} ${root}/orrery/${name} SYMBOLIC)
  list(TRANSFORM ARG_FILES PREPEND ${CMAKE_SOURCE_DIR}/src/${name}/)
  list(TRANSFORM ARG_HEADERS PREPEND ${root}/orrery/${name}/)

  add_library(orrery_${name} STATIC ${ARG_FILES})
  target_include_directories(orrery_${name} PUBLIC ${root})
  target_compile_options(orrery_${name} PUBLIC -ffile-prefix-map=${root}/orrery/=src/)
  target_sources(orrery_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${root} FILES ${ARG_HEADERS})
  target_link_libraries(orrery_${name} PRIVATE ${ARG_LIBS})
  foreach(used IN LISTS ARG_USES)
    if(NOT TARGET orrery_${used})
      message(FATAL_ERROR "layer '${name}' may not use '${used}': '${used}' is not declared before it")
    endif()
    target_link_libraries(orrery_${name} PUBLIC orrery_${used})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY ORRERY_LAYERS ${name})  # read by tests/ and bench/
endfunction()

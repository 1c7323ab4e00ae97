# Target mmu::mmu: the shared library and its header.
if(NOT TARGET mmu::mmu)
  get_filename_component(_mmu_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
  add_library(mmu::mmu SHARED IMPORTED)
  set_target_properties(mmu::mmu PROPERTIES
    IMPORTED_LOCATION "${_mmu_prefix}/lib/libmmu.so"
    IMPORTED_SONAME "libmmu.so.0"
    INTERFACE_INCLUDE_DIRECTORIES "${_mmu_prefix}/include")
  unset(_mmu_prefix)
endif()

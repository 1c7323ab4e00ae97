//! Finds libmmu with pkg-config; a program of one's own sets its run path itself, here it is that of the library.
use std::process::Command;

fn main() {
    let output = Command::new("pkg-config").args(["--variable=libdir", "mmu"]).output().expect("pkg-config cannot be run");
    assert!(output.status.success(), "pkg-config does not find mmu.pc: set PKG_CONFIG_PATH");
    let directory = String::from_utf8(output.stdout).expect("a path that is not UTF-8");
    println!("cargo:rustc-link-search=native={}", directory.trim());
    println!("cargo:rustc-link-lib=dylib=mmu");
    println!("cargo:rustc-link-arg-examples=-Wl,-rpath,{}", directory.trim());
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
}

use driftgate::extract::{self, Language};
use driftgate::source::*;
use std::time::*;
fn main() {
    let mut files = vec![];
    for dir in std::env::args().skip(1) {
        if dir.ends_with(".py") { files.push(std::path::PathBuf::from(dir)); continue }
        let mut stack = vec![std::path::PathBuf::from(dir)];
        while let Some(d) = stack.pop() {
            let Ok(rd) = std::fs::read_dir(&d) else { continue };
            for e in rd.flatten() {
                let p = e.path();
                if p.is_symlink() { continue }
                if p.is_dir() { stack.push(p) } else if p.extension().is_some_and(|x| x == "py" || x == "pyi") { files.push(p) }
            }
        }
    }
    let t = std::thread::Builder::new().stack_size(extract::PARSER_STACK_BYTES).spawn(move || {
        let sources: Vec<SourceText> = files.iter().filter_map(|p| { let b = std::fs::read(p).ok()?; let t = String::from_utf8(b).ok()?; Some(SourceText::new(RepoPath::new(p.to_string_lossy()), BlobId::from_bytes(&[0;20]), t.replace("\r\n","\n"))) }).collect();
        let bytes: usize = sources.iter().map(|s| s.text().len()).sum();
        let a = Instant::now();
        for s in &sources { if s.text().len() < extract::MAX_FILE_BYTES { std::hint::black_box(ruff_python_parser::parse_unchecked(s.text(), ruff_python_parser::ParseOptions::from(ruff_python_parser::Mode::Module))); } }
        let parse = a.elapsed();
        let b = Instant::now();
        let (mut ty, mut fun, mut calls, mut reads, mut consts, mut diag) = (0,0,0,0,0,0);
        for s in &sources {
            let t = Instant::now();
            let f = extract::extract(&extract::python::Python, s);
            if t.elapsed() > Duration::from_millis(300) { println!("slow {:?} {}", t.elapsed(), s.path); }
            ty += f.types.len(); fun += f.functions.len(); consts += f.constants.len();
            for x in &f.functions { calls += x.calls.len(); reads += x.reads.len(); }
            for d in &f.diagnostics { diag += 1; if d.message.contains("bug") { println!("PANIC {} {}", s.path, d.message) } }
        }
        println!("{} files {} bytes parse {:?} extract {:?} types {ty} fns {fun} calls {calls} reads {reads} consts {consts} diags {diag}", sources.len(), bytes, parse, b.elapsed());
    }).unwrap();
    t.join().unwrap();
}

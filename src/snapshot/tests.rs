//! Real repositories of every form, read by libgit2 and by the `git` program: both give the same files.

use std::path::Path;

use expect_test::expect;

use super::testing::{Git, Place, all, contents, paths};
use super::{
    Content, Entry, FolderSnapshot, LARGEST_FILE, MemorySnapshot, OpenOptions, Reader, Repository, Snapshot, Walk, object_id,
};
use crate::error::UserError;
use crate::source::RepoPath;

const READERS: [Reader; 2] = [Reader::Libgit2, Reader::Git];

fn read(snapshot: &impl Snapshot, path: &str) -> String {
    let listing = snapshot.entries(&|claimed| claimed.as_str() == path).unwrap();
    match snapshot.read(&listing.entries[0]) {
        Content::Text(text) => text.text().to_owned(),
        Content::Skipped(why) => panic!("{path}: {}", why.message),
    }
}

#[cfg(unix)]
fn with_oddities(git: &Git) {
    use std::os::unix::ffi::OsStrExt;
    git.write("src/a.rs", "fn a() {}\r\n");
    git.write("src.rs", "\u{feff}// café\n");
    git.write("big.json", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n");
    git.write("latin.rs", b"// caf\xe9\n");
    std::fs::write(git.dir.join(std::ffi::OsStr::from_bytes(b"odd\xff.rs")), "odd\n").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", git.dir.join("link.rs")).unwrap();
    std::os::unix::fs::symlink("src", git.dir.join("linked")).unwrap();
}

#[cfg(unix)]
#[test]
fn a_tree_an_index_and_a_working_tree_hold_the_same_files() {
    let place = Place::new();
    let inner = place.init("inner");
    inner.commit("x.rs", "");
    let git = place.init("outer");
    git.write("first", "");
    git.run(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", &inner.url(), "vendor/inner"]);
    with_oddities(&git);
    git.commit("last.rs", "");
    let expected = expect![[r#"
        .gitmodules: "[submodule \"vendor/inner\"]\n\tpath = vendor/inner\n\turl = URL\n"
        big.json: not read: this file is a pointer into Git LFS: its content is not in the repository and was not read
        first: ""
        last.rs: ""
        latin.rs: not read: this file is not UTF-8 (byte 6 is 0xe9) and was not read
        odd\xff.rs: "odd\n"
        src.rs: "// café\n"
        src/a.rs: "fn a() {}\n"
        (note) link.rs: this is a symbolic link: it was not followed
        (note) linked: this is a symbolic link: it was not followed
        (note) vendor/inner: this is a submodule: its files belong to another repository and were not read
    "#]];
    let named = |contents: String| contents.replace(&inner.url(), "URL");
    for reader in READERS {
        let repository = git.open_by(reader);
        let (tree, index, worktree) =
            (repository.tree("HEAD").unwrap(), repository.index(None).unwrap(), repository.worktree().unwrap());
        expected.assert_eq(&named(contents(&tree)));
        expected.assert_eq(&named(contents(&index)));
        expected.assert_eq(&named(contents(&worktree)));
        let ids = |listing: super::Listing| listing.entries.into_iter().map(|e| (e.path, e.blob)).collect::<Vec<_>>();
        assert_eq!(ids(all(&tree)), ids(all(&index)));
        assert_eq!(ids(all(&tree)), ids(all(&worktree)));
    }
}

#[test]
fn only_claimed_paths_are_listed() {
    let place = Place::new();
    let git = place.init("a");
    git.write("a.py", "");
    git.write("deep/er/b.rs", "");
    git.commit("c.rs", "");
    let repository = git.open();
    let claims = |path: &RepoPath| path.extension() == "rs";
    for listing in [
        repository.tree("HEAD").unwrap().entries(&claims).unwrap(),
        repository.index(None).unwrap().entries(&claims).unwrap(),
        repository.worktree().unwrap().entries(&claims).unwrap(),
        FolderSnapshot::open(&git.dir).unwrap().entries(&claims).unwrap(),
    ] {
        assert_eq!(paths(&listing), ["c.rs", "deep/er/b.rs"]);
    }
}

#[test]
fn the_working_tree_is_what_is_on_disk_and_not_ignored() {
    let place = Place::new();
    let git = place.init("a");
    git.write(".gitignore", "*.log\n/out/\n!out/kept.rs\n");
    git.write("gone.rs", "");
    git.write("same.rs", "same\n");
    git.write("tracked.log", "tracked although ignored\n");
    git.run(&["add", "-f", "tracked.log"]);
    git.commit("edited.rs", "old\n");
    std::fs::remove_file(git.dir.join("gone.rs")).unwrap();
    git.write("edited.rs", "new\n");
    git.write("untracked.rs", "untracked\n");
    git.write("sub/.gitignore", "x.rs\n");
    git.write("sub/x.rs", "");
    git.write("other.log", "");
    git.write("out/kept.rs", "");
    git.write(".git/info/exclude", "secret.rs\n");
    git.write("secret.rs", "");
    // A repository inside this one is not a part of it.
    place.init("a/nested").commit("n.rs", "");
    for reader in READERS {
        expect![[r#"
            .gitignore: "*.log\n/out/\n!out/kept.rs\n"
            edited.rs: "new\n"
            same.rs: "same\n"
            sub/.gitignore: "x.rs\n"
            tracked.log: "tracked although ignored\n"
            untracked.rs: "untracked\n"
        "#]]
        .assert_eq(&contents(&git.open_by(reader).worktree().unwrap()));
    }
}

#[test]
fn a_file_with_crlf_keeps_the_id_of_its_blob() {
    let place = Place::new();
    let git = place.init("a");
    git.run(&["config", "core.autocrlf", "false"]);
    git.write("crlf.rs", "a\r\n");
    git.commit("lf.rs", "a\n");
    let repository = git.open();
    let blobs = |listing: super::Listing| listing.entries.into_iter().map(|entry| entry.blob).collect::<Vec<_>>();
    let before = blobs(all(&repository.tree("HEAD").unwrap()));
    // As after a checkout under `core.autocrlf=true`; and one that was rewritten with the same bytes.
    git.write("lf.rs", "a\r\n");
    git.write("crlf.rs", "a\r\n");
    let worktree = repository.worktree().unwrap();
    assert_eq!(blobs(all(&worktree)), before);
    assert_eq!(read(&worktree, "lf.rs"), "a\n");
}

#[test]
fn a_rewrite_within_the_clocks_tick_is_seen() {
    let place = Place::new();
    let git = place.init("a");
    // Within this process, so that adding and rewriting fall into one tick of the file system's clock again and again.
    let writer = git2::Repository::open(&git.dir).unwrap();
    for turn in 0..200 {
        git.write("a.rs", format!("{turn:04}"));
        let mut index = writer.index().unwrap();
        index.add_path(Path::new("a.rs")).unwrap();
        index.write().unwrap();
        git.write("a.rs", format!("{:04}", turn + 1));
        assert_eq!(read(&git.open().worktree().unwrap(), "a.rs"), format!("{:04}", turn + 1));
    }
}

#[test]
fn the_index_is_the_one_that_git_names() {
    let place = Place::new();
    let git = place.init("a");
    git.write("b.rs", "old\n");
    git.commit("a.rs", "old\n");
    git.write("a.rs", "new\n");
    git.write("b.rs", "new\n");
    // What the hook of each form of `git commit` sees.
    let hook = git.dir.join(".git/hooks/pre-commit");
    std::fs::write(&hook, "#!/bin/sh\nprintf %s \"$GIT_INDEX_FILE\" > ../seen\ncp \"$GIT_INDEX_FILE\" ../kept\nexit 1\n")
        .unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let kept = place.path().join("kept");
    for (command, a, b) in [
        ("git commit -q -m x a.rs", "new\n", "old\n"),
        ("git commit -q -m x -a", "new\n", "new\n"),
        ("git add b.rs; git commit -q -m x", "old\n", "new\n"),
    ] {
        git.shell(&format!("{command} || true"));
        for reader in READERS {
            let index = git.open_by(reader).index(Some(&kept)).unwrap();
            assert_eq!((read(&index, "a.rs").as_str(), read(&index, "b.rs").as_str()), (a, b), "{command}");
        }
    }
    let relative = Path::new(".git/index");
    assert_eq!(read(&git.open().index(Some(relative)).unwrap(), "b.rs"), "new\n");
    let absent = git.open().index(Some(Path::new("/nonexistent/index")));
    assert!(matches!(absent, Err(UserError::Unreadable { .. })), "{absent:?}");
}

#[test]
fn a_file_with_a_merge_conflict_is_named_and_not_removed() {
    let place = Place::new();
    let git = place.init("a");
    git.commit("a.rs", "0\n");
    git.run(&["switch", "-q", "-c", "other"]);
    git.commit("a.rs", "1\n");
    git.run(&["switch", "-q", "main"]);
    git.commit("a.rs", "2\n");
    git.shell("git merge -q other || true");
    for reader in READERS {
        let repository = git.open_by(reader);
        let index = contents(&repository.index(None).unwrap());
        assert!(index.starts_with("a.rs: not read: this file has a merge conflict"), "{index}");
        assert!(read(&repository.worktree().unwrap(), "a.rs").contains("<<<<<<<"));
    }
}

#[test]
fn announced_files_are_not_staged() {
    let place = Place::new();
    let git = place.init("a");
    git.commit("a.rs", "");
    git.write("new.rs", "new\n");
    git.run(&["add", "--intent-to-add", "new.rs"]);
    let repository = git.open();
    assert_eq!(paths(&all(&repository.index(None).unwrap())), ["a.rs"]);
    assert_eq!(read(&repository.worktree().unwrap(), "new.rs"), "new\n");
}

#[test]
fn a_sparse_checkout_still_has_all_files() {
    let place = Place::new();
    let git = place.init("a");
    git.write("in/a.rs", "a\n");
    git.commit("out/b.rs", "b\n");
    let whole = contents(&git.open().tree("HEAD").unwrap());
    for sparse in ["--no-sparse-index", "--sparse-index"] {
        git.run(&["sparse-checkout", "set", "--cone", sparse, "in"]);
        assert!(!git.dir.join("out").exists());
        let repository = git.open();
        assert_eq!(contents(&repository.index(None).unwrap()), whole, "{sparse}");
        assert_eq!(contents(&repository.worktree().unwrap()), whole, "{sparse}");
        git.run(&["sparse-checkout", "disable"]);
    }
}

#[test]
fn a_split_index_is_read_whole() {
    let place = Place::new();
    let git = place.init("a");
    git.commit("a.rs", "a\n");
    git.run(&["update-index", "--split-index"]);
    git.write("b.rs", "b\n");
    git.run(&["add", "b.rs"]);
    assert_eq!(paths(&all(&git.open().index(None).unwrap())), ["a.rs", "b.rs"]);
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_working_tree() {
    let place = Place::new();
    let outside = place.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret.rs"), "secret\n").unwrap();
    let git = place.init("a");
    git.commit("dir/secret.rs", "mine\n");
    std::fs::remove_dir_all(git.dir.join("dir")).unwrap();
    std::os::unix::fs::symlink(&outside, git.dir.join("dir")).unwrap();
    std::os::unix::fs::symlink(outside.join("secret.rs"), git.dir.join("untracked.rs")).unwrap();
    for reader in READERS {
        expect![[r#"
            (note) dir: this is a symbolic link: it was not followed
            (note) dir/secret.rs: this is a symbolic link: it was not followed
            (note) untracked.rs: this is a symbolic link: it was not followed
        "#]]
        .assert_eq(&contents(&git.open_by(reader).worktree().unwrap()));
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_file_does_not_block() {
    let place = Place::new();
    let git = place.init("a");
    git.commit("a.rs", "");
    std::fs::remove_file(git.dir.join("a.rs")).unwrap();
    git.shell("mkfifo a.rs b.rs");
    let said = contents(&git.open().worktree().unwrap());
    assert!(said.contains("a.rs: this is no regular file") && said.contains("b.rs: this is no regular file"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_folder_reads_links_that_stay_inside() {
    let place = Place::new();
    let dir = place.path().join("folder");
    std::fs::create_dir_all(dir.join("..data")).unwrap();
    std::fs::write(dir.join("..data/a.json"), "{}\r\n").unwrap();
    std::fs::write(place.path().join("secret.json"), "secret").unwrap();
    std::os::unix::fs::symlink("..data/a.json", dir.join("a.json")).unwrap();
    std::os::unix::fs::symlink("../secret.json", dir.join("b.json")).unwrap();
    std::os::unix::fs::symlink("nowhere.json", dir.join("c.json")).unwrap();
    std::os::unix::fs::symlink("..", dir.join("up")).unwrap();
    expect![[r#"
        ..data/a.json: "{}\n"
        a.json: "{}\n"
        (note) b.json: this is a symbolic link: it was not followed
        (note) c.json: this is a symbolic link: it was not followed
        (note) up: this is a symbolic link: it was not followed
    "#]]
    .assert_eq(&contents(&FolderSnapshot::open(&dir).unwrap()));
    assert!(matches!(FolderSnapshot::open(&dir.join("absent")), Err(UserError::Unreadable { .. })));
}

#[test]
fn files_above_the_limit_are_listed_and_never_read() {
    let place = Place::new();
    let git = place.init("a");
    git.commit("a.rs", "");
    let file = std::fs::File::create(git.dir.join("large.json")).unwrap();
    file.set_len(LARGEST_FILE + 1).unwrap();
    for reader in READERS {
        let said = contents(&git.open_by(reader).worktree().unwrap());
        assert!(said.contains("large.json: not read: this file has 52428801 bytes"), "{said}");
    }
    let said = contents(&FolderSnapshot::open(&git.dir).unwrap());
    assert!(said.contains("large.json: not read"), "{said}");
    git.run(&["add", "large.json"]);
    git.run(&["commit", "-q", "-m", "large"]);
    for reader in READERS {
        let said = contents(&git.open_by(reader).tree("HEAD").unwrap());
        assert!(said.contains("large.json: not read: this file has 52428801 bytes") && said.contains("a.rs: \"\""), "{said}");
    }
}

#[test]
fn a_missing_blob_of_a_partial_clone_names_the_fetch_that_brings_it() {
    let place = Place::new();
    let remote = place.init("remote");
    remote.run(&["config", "uploadpack.allowFilter", "true"]);
    remote.commit("a.rs", "old\n");
    remote.commit("a.rs", "new\n");
    for (name, extension) in [("plain", false), ("extension", true)] {
        let git = place.clone(&remote, name, &["--filter=blob:none"]);
        if extension {
            git.run(&["config", "core.repositoryformatversion", "1"]);
            git.run(&["config", "extensions.partialClone", "origin"]);
        }
        let repository = git.open();
        let base = repository.tree("HEAD~1").unwrap();
        let said = contents(&base);
        let command = said.split('`').nth(1).unwrap_or_else(|| panic!("{said}")).to_owned();
        assert!(said.contains("partial clone") && command.starts_with("git fetch"), "{said}");
        // Nothing was fetched behind the user's back.
        assert_eq!(contents(&base), said);
        git.shell(&command);
        assert_eq!(read(&git.open().tree("HEAD~1").unwrap(), "a.rs"), "old\n");
    }
}

#[test]
fn what_libgit2_cannot_open_is_read_by_git() {
    let place = Place::new();
    for (name, form) in [("reftable", "--ref-format=reftable"), ("sha256", "--object-format=sha256")] {
        let Some(git) = place.init_as(name, form) else { continue };
        git.write("b/c.rs", "c\r\n");
        git.commit("a.rs", "a\n");
        git.write("a.rs", "changed\n");
        git.write("new.rs", "new\n");
        let repository = git.open();
        assert_eq!(repository.reader(), Reader::Git, "{form}");
        assert_eq!(contents(&repository.tree("HEAD").unwrap()), "a.rs: \"a\\n\"\nb/c.rs: \"c\\n\"\n");
        assert_eq!(contents(&repository.index(None).unwrap()), "a.rs: \"a\\n\"\nb/c.rs: \"c\\n\"\n");
        let worktree = repository.worktree().unwrap();
        assert_eq!(contents(&worktree), "a.rs: \"changed\\n\"\nb/c.rs: \"c\\n\"\nnew.rs: \"new\\n\"\n");
        let tree = all(&repository.tree("HEAD").unwrap());
        assert_eq!(tree.entries[1].blob, all(&worktree).entries[1].blob, "an unchanged file shares its id");
        let refused = Repository::open_with(&git.dir, OpenOptions { reader: Some(Reader::Libgit2), trust: false });
        assert!(refused.is_err());
    }
}

#[test]
fn bare_repositories_linked_worktrees_and_subfolders_open() {
    let place = Place::new();
    let git = place.init("a");
    git.commit("sub/a.rs", "a\n");
    git.run(&["clone", "-q", "--bare", ".", "../bare.git"]);
    git.run(&["worktree", "add", "-q", "--detach", "../linked"]);
    // A mirror that lost its configuration must not make its parent a working tree.
    git.run(&["clone", "-q", "--bare", ".", "../lost"]);
    std::fs::remove_file(place.path().join("lost/config")).unwrap();
    for reader in READERS {
        for (dir, bare) in [("a", false), ("a/sub", false), ("linked/sub", false), ("bare.git", true), ("lost", true)] {
            let options = OpenOptions { reader: Some(reader), trust: false };
            let repository = Repository::open_with(&place.path().join(dir), options).unwrap();
            assert_eq!(repository.work_dir().is_none(), bare, "{dir}");
            assert_eq!(paths(&all(&repository.tree("HEAD").unwrap())), ["sub/a.rs"], "{dir}");
            match repository.worktree() {
                Ok(worktree) => assert_eq!(paths(&all(&worktree)), ["sub/a.rs"], "{dir}"),
                Err(error) => assert!(bare, "{dir}: {error}"),
            }
        }
        let options = OpenOptions { reader: Some(reader), trust: false };
        let nowhere = Repository::open_with(place.path(), options);
        assert!(matches!(nowhere, Err(UserError::NotARepository { .. })), "{nowhere:?}");
    }
}

#[test]
fn a_working_tree_elsewhere_is_not_read() {
    let place = Place::new();
    let victim = place.init("victim");
    victim.write("secret.rs", "secret\n");
    let git = place.init("a");
    git.commit("secret.rs", "mine\n");
    git.run(&["config", "core.worktree", &victim.dir.display().to_string()]);
    for reader in READERS {
        assert!(git.open_by(reader).worktree().is_err());
    }
}

#[cfg(unix)]
#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn a_repository_of_another_user_is_refused_until_it_is_trusted() {
    let place = Place::new();
    let git = place.init("a");
    git.commit("a.rs", "a\n");
    git.write("give.sh", "chown -R 12345 .");
    if std::os::unix::fs::chown(&git.dir, Some(12345), None).is_err() {
        eprintln!("skipped: only an administrator can give a folder to another user");
        return;
    }
    git.shell("sh give.sh");
    match Repository::open(&git.dir) {
        Err(UserError::ForeignOwner { path }) => assert_eq!(Path::new(&path), git.dir.canonicalize().unwrap()),
        Ok(_) => {
            eprintln!("skipped: this user's configuration trusts every folder");
            return;
        }
        Err(other) => panic!("{other:?}"),
    }
    let trusted = Repository::open_with(&git.dir, OpenOptions { trust: true, reader: None }).unwrap();
    assert_eq!(trusted.reader(), Reader::Git);
    assert_eq!(contents(&trusted.tree("HEAD").unwrap()), "a.rs: \"a\\n\"\n");
}

/// A canary in every place where a repository's configuration can name a program.
#[cfg(unix)]
#[test]
fn nothing_that_a_repository_names_is_run() {
    let place = Place::new();
    let git = place.init("a");
    git.write(".gitattributes", "*.rs diff=evil filter=evil merge=evil\n");
    git.commit("a.rs", "a\n");
    git.commit("a.rs", "b\n");
    let ran = place.path().join("ran");
    let canary = place.path().join("canary");
    std::fs::write(&canary, format!("#!/bin/sh\ntouch {}\ncat\n", ran.display())).unwrap();
    git.shell(&format!("chmod +x {}", canary.display()));
    let canary = canary.display().to_string();
    for key in [
        "diff.evil.textconv",
        "diff.evil.command",
        "diff.external",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.editor",
        "core.askPass",
    ] {
        git.run(&["config", key, &canary]);
    }
    std::fs::create_dir_all(git.dir.join(".git/hooks")).unwrap();
    for hook in ["post-index-change", "post-checkout", "reference-transaction", "pre-commit"] {
        std::fs::copy(&canary, git.dir.join(".git/hooks").join(hook)).unwrap();
    }
    git.write("a.rs", "c\n");
    let _ = std::fs::remove_file(&ran);
    for reader in READERS {
        let repository = git.open_by(reader);
        contents(&repository.tree("HEAD").unwrap());
        contents(&repository.index(None).unwrap());
        assert_eq!(read(&repository.worktree().unwrap(), "a.rs"), "c\n");
        repository.merge_base(git_id(&repository, "HEAD"), &[git_id(&repository, "HEAD~1")]).unwrap();
        assert!(!ran.exists(), "{reader:?}");
    }
    // The canary is alive: this is what an everyday command does.
    git.shell("git diff >/dev/null || true");
    assert!(ran.exists());
}

fn git_id(repository: &Repository, rev: &str) -> super::ObjectId {
    repository.expect_commit(rev).unwrap()
}

#[test]
fn replaced_objects_do_not_count() {
    let place = Place::new();
    let git = place.init("a");
    git.commit("a.rs", "real\n");
    git.write("fake", "");
    let (real, fake) = (git.run(&["rev-parse", "HEAD:a.rs"]), git.run(&["hash-object", "-w", "fake"]));
    git.run(&["replace", &real, &fake]);
    assert_eq!(git.run(&["cat-file", "-p", &real]), "", "the trap is set");
    for reader in READERS {
        assert_eq!(read(&git.open_by(reader).tree("HEAD").unwrap(), "a.rs"), "real\n");
    }
}

/// Writes raw trees, which git's own commands refuse to make.
fn raw_tree(git: &Git, entries: &[(&str, &str, &str)]) -> String {
    let mut raw = Vec::new();
    for (mode, name, id) in entries {
        raw.extend(format!("{mode} {name}\0").bytes());
        raw.extend(object_id(id).unwrap().as_bytes());
    }
    git.write("raw", raw);
    git.run(&["hash-object", "-t", "tree", "-w", "--literally", "raw"])
}

fn commit_tree(git: &Git, tree: &str) -> String {
    git.run(&["commit-tree", "-m", "raw", tree])
}

#[test]
fn a_tree_that_names_ten_billion_files_is_refused_quickly() {
    let place = Place::new();
    let git = place.init("a");
    git.commit("a.rs", "");
    let blob = git.run(&["rev-parse", "HEAD:a.rs"]);
    let names: Vec<String> = (0..100).map(|n| format!("n{n:02}")).collect();
    let mut tree = raw_tree(&git, &names.iter().map(|name| ("100644", name.as_str(), blob.as_str())).collect::<Vec<_>>());
    for _ in 0..4 {
        tree = raw_tree(&git, &names.iter().map(|name| ("40000", name.as_str(), tree.as_str())).collect::<Vec<_>>());
    }
    let commit = commit_tree(&git, &tree);
    let refused = git.open().tree(&commit).unwrap().entries(&|_| true);
    assert!(matches!(&refused, Err(UserError::Repository { message, .. }) if message.contains("1000000 files")), "{refused:?}");
}

#[test]
fn names_that_git_would_not_check_out_are_passed_over() {
    let place = Place::new();
    let git = place.init("a");
    git.commit("a.rs", "");
    let blob = git.run(&["rev-parse", "HEAD:a.rs"]);
    let entries = [
        ("100644", "..", &blob),
        ("100644", ".GIT", &blob),
        ("100644", "a/../b.rs", &blob),
        ("100644", "x.rs", &blob),
        ("100644", "x.rs", &blob),
    ];
    let tree = raw_tree(&git, &entries.map(|(mode, name, id)| (mode, name, id.as_str())));
    let commit = commit_tree(&git, &tree);
    for reader in READERS {
        let listing = all(&git.open_by(reader).tree(&commit).unwrap());
        assert_eq!(paths(&listing), ["x.rs"]);
        assert_eq!(listing.diagnostics.len(), 4, "{:?}", listing.diagnostics);
    }
}

#[test]
fn a_path_deeper_than_any_file_system_ends() {
    let place = Place::new();
    let git = place.init("a");
    git.commit("a.rs", "");
    let blob = git.run(&["rev-parse", "HEAD:a.rs"]);
    let long = "n".repeat(255);
    let mut tree = raw_tree(&git, &[("100644", "z.rs", &blob)]);
    for _ in 0..40 {
        tree = raw_tree(&git, &[("40000", &long, &tree), ("100644", "a.rs", &blob)]);
    }
    let commit = commit_tree(&git, &tree);
    let listing = all(&git.open().tree(&commit).unwrap());
    assert_eq!(listing.entries.len(), 16);
    assert_eq!(listing.diagnostics.len(), 1);
}

#[test]
fn a_single_file_is_found_without_listing() {
    let place = Place::new();
    let git = place.init("a");
    git.write("a/b/c.rs", "c\n");
    git.commit("a.b", "x\n");
    let tree = git.open().tree("HEAD").unwrap();
    let found = |path: &str| tree.entry(&RepoPath::new(path)).unwrap().map(|entry| entry.path.as_str().to_owned());
    assert_eq!(found("a/b/c.rs").as_deref(), Some("a/b/c.rs"));
    assert_eq!(found("a.b").as_deref(), Some("a.b"));
    for absent in ["a/b", "a/b/d.rs", "a/bb/c.rs", "", "../x"] {
        assert_eq!(found(absent), None, "{absent}");
    }
}

#[test]
fn a_walk_follows_first_parents_and_ends_where_it_is_told() {
    let place = Place::new();
    let git = place.init("a");
    let one = git.commit("1", "");
    git.run(&["switch", "-q", "-c", "side"]);
    let side = git.commit("side", "");
    git.run(&["switch", "-q", "main"]);
    let two = git.commit("2", "");
    git.run(&["merge", "-q", "--no-ff", "-m", "Merge the side\n\nCo-authored-by: B <b@c>", "side"]);
    let merge = git.id("HEAD");
    for reader in READERS {
        let repository = git.open_by(reader);
        let walk = |walk: Walk<'_>| repository.first_parents(merge, walk).unwrap().iter().map(|c| c.oid).collect::<Vec<_>>();
        assert_eq!(walk(Walk::Last(10)), [merge, two, one]);
        assert_eq!(walk(Walk::Last(1)), [merge]);
        assert_eq!(walk(Walk::Since(&one.to_string())), [merge, two]);
        assert_eq!(walk(Walk::Since(&side.to_string())), [merge, two]);
        assert_eq!(walk(Walk::Since("HEAD")), []);
        let change = repository.commits_of_change(two, &[merge]).unwrap();
        assert_eq!(change.iter().map(|commit| commit.oid).collect::<Vec<_>>(), [merge, side]);
        let commit = repository.commit(merge).unwrap();
        assert_eq!(commit.parents, [two, side]);
        assert_eq!(commit.subject(), "Merge the side");
        assert_eq!(commit.trailers(), [("Co-authored-by", "B <b@c>")]);
        assert_eq!((commit.author.as_str(), commit.date.as_str()), ("Ann", "2026-03-01T09:30:00+01:00"));
    }
    let shallow = place.clone(&git, "shallow", &["--depth=2"]).open();
    assert_eq!(shallow.commits_of_change(two, &[merge]).unwrap().len(), 2);
    let commits = shallow.first_parents(merge, Walk::Last(10)).unwrap();
    assert_eq!(commits.iter().map(|commit| commit.oid).collect::<Vec<_>>(), [merge, two]);
    assert_eq!(commits[1].parents, [one], "a commit says what it stands on also where that was cut off");
}

#[test]
fn many_threads_read_one_snapshot() {
    use rayon::prelude::*;
    let place = Place::new();
    let git = place.init("a");
    for n in 0..200 {
        git.write(&format!("f{n}.rs"), format!("{n}\n"));
    }
    git.commit("last.rs", "");
    for reader in READERS {
        let tree = git.open_by(reader).tree("HEAD").unwrap();
        let entries = tree.entries(&|path| path.as_str() != "last.rs").unwrap().entries;
        let wrong: Vec<&Entry> = entries
            .par_iter()
            .filter(|entry| {
                let name = entry.path.stem().trim_start_matches('f').to_owned();
                !matches!(tree.read(entry), Content::Text(text) if text.text().trim() == name)
            })
            .collect();
        assert_eq!((entries.len(), wrong.len()), (200, 0));
    }
}

#[test]
fn memory_is_a_snapshot_like_any_other() {
    let snapshot = MemorySnapshot::new([("b.rs", &b"b\r\n"[..]), ("a.rs", &b"\xff"[..])]);
    expect![[r#"
        a.rs: not read: this file is not UTF-8 (byte 0 is 0xff) and was not read
        b.rs: "b\n"
    "#]]
    .assert_eq(&contents(&snapshot));
}

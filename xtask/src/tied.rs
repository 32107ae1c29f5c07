//! Commands that end with this process, however it ends.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::echo;

/// Becomes the command, with a process beside it that kills their whole process group as soon as standard input ends.
/// That is a pipe of which xtask alone holds the other end, and the kernel closes it with xtask, also after SIGKILL.
/// (The processes of a cluster end in the same way, by themselves: `cluster/components.go`.)
const SHELL: &str = r#"exec 3<&0 </dev/null; (read -r end <&3; kill -KILL 0) & exec "$@" 3<&-"#;

/// Prints a command, runs it, and fails with its name if it fails. Neither it nor what it starts outlives this process.
pub fn run(command: &Command) -> Result<()> {
    let line = echo(command);
    let mut process = shell(command).spawn().with_context(|| format!("starting `{line}`"))?;
    // `Child::wait` would close it first.
    let lifeline = process.stdin.take();
    let status = process.wait().with_context(|| format!("waiting for `{line}`"))?;
    drop(lifeline);
    if !status.success() {
        bail!("`{line}` failed: {status}");
    }
    Ok(())
}

fn shell(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", SHELL, "sh"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    // Its own group, so that it kills nobody else, and survives when somebody kills ours.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    shell.stdin(Stdio::piped());
    shell
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_command_has_its_arguments_its_environment_and_no_input() {
        let mut command = Command::new("sh");
        command.args(["-c", r#"[ "$1" = "two words" ] && [ "$WORD" = a ] && [ -z "$HOME" ] && ! read -r line"#, "sh"]);
        command.arg("two words").env("WORD", "a").env_remove("HOME");
        run(&command).unwrap();
    }

    #[test]
    fn a_command_that_fails_is_named() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c exit 3` failed: exit status: 3");
    }

    #[test]
    fn what_a_command_started_ends_with_us_as_well() {
        let mut shell = shell(Command::new("sh").args(["-c", "sleep 600 & sleep 600"]));
        let mut process = shell.stdout(Stdio::piped()).spawn().unwrap();
        drop(process.stdin.take());
        // It is at its end when nobody is left who could write.
        io::copy(&mut process.stdout.take().unwrap(), &mut io::sink()).unwrap();
        assert!(!process.wait().unwrap().success());
    }
}

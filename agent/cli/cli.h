// SPDX-License-Identifier: Apache-2.0
/* The subcommands. Each takes the arguments behind its name and returns the exit status. */
#pragma once

/*
 * run: the agent. once: one window, printed. record: windows into a file. doctor: what attaches
 * here. token: a token, printed. check-config: is it right?
 */
int cli_run(int argc, char **argv);
int cli_once(int argc, char **argv);
int cli_record(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_token(int argc, char **argv);
int cli_check_config(int argc, char **argv);

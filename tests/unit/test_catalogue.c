// SPDX-License-Identifier: Apache-2.0
/* The metric list: what must hold for every row. */
#include "harness/harness.h"
#include "snapshot/builder.h"
#include "snapshot/catalogue.h"

static bool is_path(const char *path)
{
	size_t len = strlen(path);

	return len > 0 && strspn(path, "abcdefghijklmnopqrstuvwxyz0123456789_.") == len &&
	       path[0] != '.' && path[len - 1] != '.' && !strstr(path, "..");
}

TEST(rows_belong_to_the_scope_they_stand_in)
{
	for (int s = 0; s < SCOPES; s++) {
		const struct scope_info *info = &catalogue_scopes[s];

		for (int m = (int)info->first_metric; m < (int)info->end_metric; m++) {
			CHECK_INT(catalogue_metrics[m].scope, s);
			CHECK_INT(catalogue_inputs[catalogue_metrics[m].input].scope, s);
		}
		for (int i = (int)info->first_input; i < (int)info->end_input; i++)
			CHECK_INT(catalogue_inputs[i].scope, s);
		CHECK(scope_metrics((enum scope)s) <= BUILDER_MAX_METRICS);
		CHECK(scope_labels((enum scope)s) <= BUILDER_MAX_LABELS);
		CHECK(scope_inputs((enum scope)s) <= 64);
	}
}

TEST(paths_are_well_formed_and_unique_in_their_scope)
{
	for (int m = 0; m < METRICS; m++) {
		const struct metric_info *info = &catalogue_metrics[m];

		CHECK(is_path(info->path));
		CHECK_INT(catalogue_find_metric(info->scope, info->path), m);
		CHECK(strlen(info->help) > 5);
	}
}

/* Else the JSON writer would open the same object twice. */
TEST(metrics_with_the_same_prefix_stand_together)
{
	for (int m = 1; m < METRICS; m++) {
		const struct metric_info *info = &catalogue_metrics[m];
		size_t prefix = strcspn(info->path, ".");
		bool left = false;

		if (!info->path[prefix])
			continue;
		for (int before = m - 1; before >= 0; before--) {
			const struct metric_info *other = &catalogue_metrics[before];

			if (other->scope != info->scope)
				break;

			bool same = strncmp(other->path, info->path, prefix + 1) == 0;

			CHECK(!(same && left));
			left |= !same;
		}
	}
}

TEST(a_misspelt_metric_finds_the_nearest)
{
	CHECK_STRING(catalogue_nearest_metric(SCOPE_PROCESS, "cpu.precent"), "cpu.percent");
	CHECK_STRING(catalogue_nearest_metric(SCOPE_PROCESS, "memory.rss_byte"),
		     "memory.rss_bytes");
	CHECK(catalogue_nearest_metric(SCOPE_PROCESS, "nothing of that kind") == NULL);
}

TEST(names_find_their_scopes_and_labels)
{
	CHECK_INT(catalogue_find_scope("disk"), SCOPE_DISK);
	CHECK_INT(catalogue_find_scope("disks"), -1);
	CHECK_INT(catalogue_find_label(SCOPE_PROCESS, "comm"), LABEL_PROCESS_comm);
	CHECK_INT(catalogue_find_label(SCOPE_DISK, "comm"), -1);
}

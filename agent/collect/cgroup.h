// SPDX-License-Identifier: Apache-2.0
/* What the path of a cgroup tells of the processes in it: unit, container, pod. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What processes are summed up by. Those before GROUP_USER come from the cgroup. */
enum group_kind { GROUP_CONTAINER, GROUP_POD, GROUP_TENANT, GROUP_UNIT, GROUP_USER, GROUP_KINDS };

struct group;

/* What a cgroup path tells; strings are owned, NULL when the path does not have them. */
struct cgroup {
	uint64_t id;
	char *path;
	char *unit;
	char *container; /* the runtime's id, 12 digits */
	char *pod_uid;
	char *pod;	 /* name of the pod; its uid until the node tells the name */
	char *namespace; /* Kubernetes namespace of the pod; else the tenant by configuration */
	/* Bytes of path that name the cgroup of the unit, container and pod. */
	uint16_t unit_end, container_end, pod_end;
	uint64_t used_window;		  /* newest with a process */
	bool groups_known;		  /* the groups below were looked up */
	struct group *groups[GROUP_USER]; /* owned by the groups; NULL: not in one */
};

/* Reads unit, container and pod out of a path. Returns false without memory. */
bool cgroup_parse(struct cgroup *ret, const char *path);

/*
 * Finds name and namespace of the pod: the kubelet keeps a folder
 * NAMESPACE_NAME_UID for each, under logs (/var/log/pods).
 */
void cgroup_name_pod(struct cgroup *c, const char *logs);

/* Frees the strings of a cgroup. */
void cgroup_clear(struct cgroup *c);

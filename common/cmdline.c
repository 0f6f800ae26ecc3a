/* SPDX-License-Identifier: MIT */
/* The command line: a table of options, and a reader for each. */
#include <limits.h>

#include <xen/cmdline.h>
#include <xen/compiler.h>
#include <xen/string.h>
#include <xen/text.h>
#include <xen/warn_limit.h>

/* As long as all that a loader passes may be. */
#define MAX_WORD 2048U

struct word {
    char text[MAX_WORD];
    bool fits;   /* all of it is in the text */
    bool closed; /* the quotes are */
};

/*
 * Read @value into @options. Returns false, and leaves @options as they were,
 * if it is malformed. An option without a value gets NULL.
 */
typedef bool option_reader(struct boot_options *options, const char *value);

/* Which of @nr @names is @value? Returns @nr if it is none. */
static unsigned int find_name(const char *value, const char *const names[],
                              unsigned int nr)
{
    unsigned int i = 0;

    while (i < nr && strcmp(value, names[i]) != 0)
        i++;

    return i;
}

static bool read_console(struct boot_options *options, const char *value)
{
    static const char *const names[] = {
        [CONSOLE_COM1] = "com1",
        [CONSOLE_COM2] = "com2",
        [CONSOLE_NONE] = "none",
    };
    unsigned int i = find_name(value, names, ARRAY_SIZE(names));

    if (i == ARRAY_SIZE(names))
        return false;

    options->console = (enum console_port)i;
    return true;
}

static bool read_log_level(struct boot_options *options, const char *value)
{
    static const char *const names[] = {
        [LOG_ERROR] = "error",
        [LOG_WARNING] = "warning",
        [LOG_INFO] = "info",
        [LOG_DEBUG] = "debug",
    };
    unsigned int i = find_name(value, names, ARRAY_SIZE(names));

    if (i == ARRAY_SIZE(names))
        return false;

    options->log_level = (enum log_level)i;
    return true;
}

static bool read_mem(struct boot_options *options, const char *value)
{
    uint64_t size;

    if (!parse_size(value, &value, &size) || *value || size == 0)
        return false;

    options->mem = size < PADDR_MAX ? size : PADDR_MAX;
    return true;
}

/* A number: what a size is without its unit. */
static bool read_max_cpus(struct boot_options *options, const char *value)
{
    uint64_t nr;

    if (!parse_size(value, &value, &nr) || *value || nr == 0 || nr > UINT_MAX)
        return false;

    options->max_cpus = (unsigned int)nr;
    return true;
}

/* "3": the third request fails. "3,2": and so does each second one after it. */
static bool read_heap_fail(struct boot_options *options, const char *value)
{
    uint64_t nth, every = 0;

    if (!parse_size(value, &value, &nth) || nth == 0)
        return false;
    if (*value == ',' && (!parse_size(value + 1, &value, &every) || every == 0))
        return false;
    if (*value)
        return false;

    options->heap_fail_at = nth;
    options->heap_fail_every = every;
    return true;
}

/* Read one range, and set *@text behind it. */
static bool read_range(const char **text, struct e820_entry *entry)
{
    uint64_t size, start, end;
    uint32_t type;

    if (!parse_size(*text, text, &size) || size == 0)
        return false;

    switch (**text) {
    case '@': type = E820_RAM; break;
    case '#': type = E820_ACPI; break;
    case '$': type = E820_RESERVED; break;
    default: return false;
    }

    if (!parse_size(*text + 1, text, &start) ||
        __builtin_add_overflow(start, size - 1, &end))
        return false;

    *entry = (struct e820_entry){ start, size, type };
    return true;
}

/* Entries count only from when their number is set: all are right by then. */
static bool read_memmap(struct boot_options *options, const char *value)
{
    static const char exact[] = "exactmap";
    unsigned int nr = options->nr_memmap;
    bool exact_map = options->exact_map;

    for (;; value++) {
        if (strncmp(value, exact, sizeof(exact) - 1) == 0) {
            exact_map = true;
            value += sizeof(exact) - 1;
        } else if (nr == CMDLINE_MAX_MEMMAP ||
                   !read_range(&value, &options->memmap[nr++])) {
            return false;
        }
        if (*value != ',')
            break;
    }
    if (*value)
        return false;

    options->nr_memmap = nr;
    options->exact_map = exact_map;
    return true;
}

/* Whichever of the three comes last counts alone. */
static bool read_numa(struct boot_options *options, const char *value)
{
    static const char *const names[] = { "off", "on" };
    static const char fake[] = "fake=";
    unsigned int i = find_name(value, names, ARRAY_SIZE(names));
    uint64_t nr = 0;

    if (i == ARRAY_SIZE(names) &&
        (strncmp(value, fake, sizeof(fake) - 1) != 0 ||
         !parse_size(value + sizeof(fake) - 1, &value, &nr) || *value ||
         nr == 0 || nr > UINT_MAX))
        return false;

    options->numa = i > 0;
    options->fake_nodes = (unsigned int)nr;
    return true;
}

static bool read_pdx(struct boot_options *options, const char *value)
{
    static const char *const names[] = { "off", "on" };
    unsigned int i = find_name(value, names, ARRAY_SIZE(names));

    if (i == ARRAY_SIZE(names))
        return false;

    options->pdx = i;
    return true;
}

static bool read_scrub(struct boot_options *options, const char *value)
{
    static const char *const names[] = {
        [SCRUB_IDLE] = "idle",
        [SCRUB_EAGER] = "eager",
        [SCRUB_OFF] = "off",
    };
    unsigned int i = find_name(value, names, ARRAY_SIZE(names));

    if (i == ARRAY_SIZE(names))
        return false;

    options->scrub = (enum scrub_mode)i;
    return true;
}

static bool read_selftest(struct boot_options *options, const char *value)
{
    size_t length = strlen(value);

    if (length == 0 || length >= sizeof(options->selftest))
        return false;

    if (strcmp(value, "off") == 0)
        value = "";
    return copy_text(options->selftest, sizeof(options->selftest), value,
                     length);
}

static bool read_poweroff(struct boot_options *options, const char *value)
{
    (void)value;
    options->poweroff = true;
    return true;
}

static const struct option {
    const char *name;
    bool has_value;
    option_reader *read;
    const char *form; /* what a user is told who got it wrong */
} option_table[] = {
    { "console", true, read_console, "com1, com2 or none" },
    { "heap-fail", true, read_heap_fail, "N or N,EVERY, and neither is 0" },
    { "loglvl", true, read_log_level, "error, warning, info or debug" },
    { "maxcpus", true, read_max_cpus, "a number of CPUs, and not 0" },
    { "mem", true, read_mem, "a size, as in 512M, and not 0" },
    { "memmap", true, read_memmap,
      "exactmap, SIZE@START, SIZE#START or SIZE$START, at most 64 in all, "
      "below 2^64" },
    { "numa", true, read_numa, "on, off or fake=N, and N is not 0" },
    { "pdx", true, read_pdx, "on or off" },
    { "scrub", true, read_scrub, "idle, eager or off" },
    { "selftest", true, read_selftest,
      "off or a pattern of at most 127 characters" },
    { "poweroff", false, read_poweroff, "without a value" },
};

/* The option whose name is all that is before '=' in @word, or NULL. */
static const struct option *find_option(const char *word)
{
    const char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);

    for (unsigned int i = 0; i < ARRAY_SIZE(option_table); i++) {
        const struct option *option = &option_table[i];

        if (strlen(option->name) == length &&
            strncmp(option->name, word, length) == 0)
            return option;
    }

    return NULL;
}

static void read_word(struct boot_options *options, const char *word,
                      unsigned int *nr_warnings)
{
    const struct option *option = find_option(word);
    const char *value = strchr(word, '=');

    if (!option) {
        if (may_warn(nr_warnings, "command line"))
            printk(LOG_WARNING, "command line: \"%.60s\": not known, ignored\n",
                   word);
        return;
    }

    if (value)
        value++;
    if (option->has_value != (value != NULL) || !option->read(options, value)) {
        if (may_warn(nr_warnings, "command line"))
            printk(LOG_WARNING,
                   "command line: \"%.60s\": ignored: \"%s\" is %s\n", word,
                   option->name, option->form);
    }
}

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\n' ||
           character == '\r';
}

/* Take the next word off *@text, without its quotes; false if none is left. */
static bool next_word(const char **text, struct word *word)
{
    const char *at = *text;
    bool quoted = false;
    size_t length = 0;

    while (is_blank(*at))
        at++;
    if (!*at)
        return false;

    word->fits = true;
    for (; *at && (quoted || !is_blank(*at)); at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (length < sizeof(word->text) - 1)
            word->text[length++] = *at;
        else
            word->fits = false;
    }
    word->text[length] = '\0';
    word->closed = !quoted;
    *text = at;

    return true;
}

/* Of any length: it is read where it is (badpage.c). */
static bool is_badpage(const char *word)
{
    return strncmp(word, "badpage=", sizeof("badpage=") - 1) == 0;
}

void cmdline_parse(struct boot_options *options, const char *text)
{
    unsigned int nr_warnings = 0;
    struct word word;

    memset(options, 0, sizeof(*options));
    options->console = CONSOLE_COM1;
    options->log_level = LOG_INFO;
    options->max_cpus = UINT_MAX;
    options->mem = PADDR_MAX;
    options->numa = true;
    options->pdx = true;
    options->scrub = SCRUB_IDLE;
    (void)copy_text(options->selftest, sizeof(options->selftest), "*", 1);

    while (next_word(&text, &word)) {
        if (is_badpage(word.text))
            continue;
        if (word.fits && word.closed)
            read_word(options, word.text, &nr_warnings);
        else if (may_warn(&nr_warnings, "command line"))
            printk(LOG_WARNING, "command line: \"%.40s...\": ignored: %s\n",
                   word.text, word.fits ? "a quote is not closed" : "too long");
    }
}

<?php
/**
 * A connection of the bridge's own, so that nothing of the shop's session, charset or error handling is in its way.
 * It speaks UTF-8 to the server whatever the edition: the server transcodes from and to the columns' charset.
 * sql_mode is '' as ECShop sets it: its tables and numbers rely on that.
 */
class ErpSync_Db
{
    /** @var mysqli */
    private $link;
    /** @var string */
    private $prefix;
    /** @var string */
    private $lockPrefix;
    /** @var bool whether four-byte characters reach the server at all */
    public $fourByte;

    public function __construct(ErpSync_ShopConfig $config)
    {
        $this->prefix = $config->prefix;
        $this->lockPrefix = 'erpsync.' . substr(md5($config->dbName . '/' . $config->prefix), 0, 16) . '.';
        $this->link = mysqli_init();
        $this->link->options(MYSQLI_OPT_CONNECT_TIMEOUT, 5);
        try {
            $connected = @$this->link->real_connect(
                $config->dbHost,
                $config->dbUser,
                $config->dbPassword,
                $config->dbName,
                $config->dbPort === null ? 0 : $config->dbPort,
                $config->dbSocket === null ? '' : $config->dbSocket
            );
        } catch (Exception $error) {
            $connected = false;
        }
        if (!$connected) {
            throw new ErpSync_SetupError(
                'no-database',
                'The database of data/config.php cannot be reached (error ' . mysqli_connect_errno() . ').',
                'Check that the shop itself works; the bridge uses the same host, user and password.'
            );
        }
        $this->fourByte = $this->trySetCharset('utf8mb4');
        if (!$this->fourByte) {
            $this->link->set_charset('utf8');
        }
        $this->exec("SET sql_mode = ''");
    }

    private function trySetCharset($charset)
    {
        try {
            return @$this->link->set_charset($charset);
        } catch (Exception $error) {
            return false;
        }
    }

    /** @return string a table of the shop, quoted, with its prefix */
    public function table($name)
    {
        return '`' . str_replace('`', '``', $this->prefix . $name) . '`';
    }

    /** @return string the same, unquoted */
    public function tableName($name)
    {
        return $this->prefix . $name;
    }

    /**
     * `{name}` is a table of the shop, `?` a value: null, int, bool, string, or a non-empty array of them for IN (?).
     * Every column arrives as string or null.
     * @return array of rows
     */
    public function rows($sql, array $values = array())
    {
        $result = $this->run($sql, $values);
        $rows = array();
        while ($row = $result->fetch_assoc()) {
            $rows[] = $row;
        }
        $result->free();
        return $rows;
    }

    /** @return array|null the first row */
    public function row($sql, array $values = array())
    {
        $rows = $this->rows($sql, $values);
        return isset($rows[0]) ? $rows[0] : null;
    }

    /** @return string|null the first column of the first row */
    public function value($sql, array $values = array())
    {
        $row = $this->row($sql, $values);
        return $row === null ? null : reset($row);
    }

    /** @return array the first column of every row */
    public function column($sql, array $values = array())
    {
        $column = array();
        foreach ($this->rows($sql, $values) as $row) {
            $column[] = reset($row);
        }
        return $column;
    }

    /** @return int rows changed: those that already had the values do not count */
    public function exec($sql, array $values = array())
    {
        $this->run($sql, $values);
        return $this->link->affected_rows;
    }

    /** @return int what LAST_INSERT_ID() is after the last statement */
    public function insertId()
    {
        return (int) $this->link->insert_id;
    }

    /** @return int MySQL's number of the last error, 0 for none */
    public function errno()
    {
        return $this->link->errno;
    }

    /** An advisory lock of this shop's, held by this connection. @return bool false if another holds it */
    public function lock($name, $seconds = 0)
    {
        return $this->value('SELECT GET_LOCK(?, ?)', array($this->lockName($name), $seconds)) === '1';
    }

    public function unlock($name)
    {
        $this->value('SELECT RELEASE_LOCK(?)', array($this->lockName($name)));
    }

    /** Servers before 5.7 let a second GET_LOCK release the first; MySQL 5.7 limits names to 64 characters. */
    private function lockName($name)
    {
        return $this->lockPrefix . $name;
    }

    /** @return array name => its SHOW COLUMNS row, in the table's order; empty if there is no such table */
    public function columns($table)
    {
        $columns = array();
        foreach ($this->rows('SHOW TABLES LIKE ?', array(addcslashes($this->tableName($table), '\\%_'))) as $found) {
            foreach ($this->rows('SHOW COLUMNS FROM {' . $table . '}') as $row) {
                $columns[$row['Field']] = $row;
            }
        }
        return $columns;
    }

    private function run($sql, array $values)
    {
        try {
            $result = $this->link->query($this->compile($sql, $values));
        } catch (mysqli_sql_exception $error) {
            $result = false;
        }
        if ($result === false) {
            // The server's own words can quote values; its number says enough.
            throw new ErpSync_DbError('MySQL error ' . $this->link->errno . ' in: ' . trim($sql), $this->link->errno);
        }
        return $result;
    }

    private function compile($sql, array $values)
    {
        $parts = preg_split('/(\?|\{[a-z_]+\})/', $sql, -1, PREG_SPLIT_DELIM_CAPTURE);
        $compiled = '';
        foreach ($parts as $part) {
            if ($part === '?') {
                $compiled .= $this->quote(array_shift($values));
            } elseif ($part !== '' && $part[0] === '{') {
                $compiled .= $this->table(substr($part, 1, -1));
            } else {
                $compiled .= $part;
            }
        }
        return $compiled;
    }

    private function quote($value)
    {
        if ($value === null) {
            return 'NULL';
        }
        if (is_array($value)) {
            return implode(', ', array_map(array($this, 'quote'), $value));
        }
        if (is_int($value) || is_bool($value)) {
            return (string) (int) $value;
        }
        return "'" . $this->link->real_escape_string($value) . "'";
    }
}

<?php
/** Snapshots of one kind as the webhook contract has them, and the digests by which they are compared. */
abstract class ErpSync_Snapshots
{
    /** @var ErpSync_Source */
    protected $source;

    public function __construct(ErpSync_Source $source)
    {
        $this->source = $source;
    }

    /** @return array id => MD5 over every column that a snapshot takes from the thing's own rows; without those that are not there */
    public function digests(array $ids)
    {
        return ErpSync_Rows::digests($this->tables($ids, true));
    }

    /**
     * @return array id => stamp, no, status, rec_ids, digest, and snapshot: null if it is not ready. Things that are not there
     *   are left out.
     */
    abstract public function read(array $ids);

    /**
     * @param bool $bare for the digest alone
     * @return array of tables, the heads first: each id => its rows
     */
    abstract protected function tables(array $ids, $bare);

    /** @return array the rows of a table that belong to a thing */
    protected static function rowsOf(array $table, $id)
    {
        return isset($table[$id]) ? $table[$id] : array();
    }
}
